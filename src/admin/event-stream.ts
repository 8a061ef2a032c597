/** One server-sent event; `last` ends the stream. */
export interface ServerEvent {
  readonly event: string;
  /** Sent as JSON. */
  readonly data: unknown;
  readonly last: boolean;
}

/**
 * A response of server-sent events: `next` is asked everyMs after each event was taken, until it says that one is the last,
 * fails, or the client has gone. `first` is sent before it is asked.
 */
export function eventStream(first: ServerEvent, next: () => Promise<ServerEvent>, everyMs: number): Response {
  let event: ServerEvent | undefined;
  let timer: NodeJS.Timeout | undefined;
  let wake = () => {};
  let gone = false;
  const wait = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
      timer = setTimeout(resolve, everyMs);
    });
  const following = async (): Promise<string | undefined> => {
    if (event?.last === true) return undefined;
    if (event !== undefined) await wait();
    if (gone) return undefined;
    event = event === undefined ? first : await next();
    return printed(event);
  };
  return eventResponse(following, () => {
    gone = true;
    clearTimeout(timer);
    wake();
  });
}

/**
 * A response of server-sent events (WHATWG HTML section 9.2) as text, each asked for when the one before was taken. It ends with the
 * first that is undefined, or when the client has gone; then `left` is called.
 */
export function eventResponse(next: () => Promise<string | undefined>, left: () => void): Response {
  let gone = false;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const event = await next();
        if (gone) return;
        if (event !== undefined) return controller.enqueue(Buffer.from(event));
        left();
        controller.close();
      },
      cancel() {
        gone = true;
        left();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' },
  });
}

/** An event as it is sent. */
export function printed({ event, data }: Omit<ServerEvent, 'last'>): string {
  return `event: ${event}
data: ${JSON.stringify(data)}

`;
}
