/** One server-sent event; `last` ends the stream. */
export interface ServerEvent {
  readonly event: string;
  /** Sent as JSON. */
  readonly data: unknown;
  readonly last: boolean;
}

/**
 * A response of server-sent events (WHATWG HTML section 9.2): `next` is asked at once and then `everyMs` after each event was taken,
 * until it says that one is the last, fails, or the client has gone. `first` is sent before it is asked.
 */
export function eventStream(first: ServerEvent, next: () => Promise<ServerEvent>, everyMs: number): Response {
  let event: ServerEvent | undefined = first;
  let timer: NodeJS.Timeout | undefined;
  let wake = () => {};
  let gone = false;
  const wait = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
      timer = setTimeout(resolve, everyMs);
    });
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (event === undefined) {
          await wait();
          if (gone) return;
          event = await next();
          if (gone) return;
        }
        controller.enqueue(Buffer.from(printed(event)));
        if (event.last) controller.close();
        event = undefined;
      },
      cancel() {
        gone = true;
        clearTimeout(timer);
        wake();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' },
  });
}

function printed({ event, data }: ServerEvent): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
