import { ProxyError } from '../errors.js';

/** One end of a channel between two processes: `process` in a worker, a `Worker` in the primary. */
export interface Channel {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
}

export type Handlers = Readonly<Record<string, (...args: never[]) => unknown>>;

interface Call {
  readonly rpc: 'call';
  /** 0: no answer wanted. */
  readonly id: number;
  readonly method: string;
  readonly args: unknown[];
}
interface Reply {
  readonly rpc: 'reply';
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { code: string; message: string };
}

/** Calls methods of the other process by name. Values cross by structured clone. */
export class Rpc {
  readonly #channel: Channel;
  readonly #handlers: Handlers;
  readonly #waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  #lastId = 0;
  #closed = false;

  constructor(channel: Channel, handlers: Handlers) {
    this.#channel = channel;
    this.#handlers = handlers;
    channel.onMessage((message) => this.#receive(message));
  }

  /** Rejects when the other side throws, dies, or does not answer within `timeoutMs`. */
  call<T>(method: string, args: unknown[], timeoutMs: number): Promise<T> {
    if (this.#closed)
      return Promise.reject(new ProxyError('internal', `${method}: the other process has gone`));
    const id = ++this.#lastId;
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new ProxyError('internal', `${method}: no answer within ${timeoutMs} ms`));
      }, timeoutMs);
      timer.unref();
      this.#waiting.set(id, {
        resolve: (value) => {
          clearTimeout(timer);
          resolve(value as T);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.#channel.send({ rpc: 'call', id, method, args } satisfies Call);
    });
  }

  /** Tells the other side something without waiting for it. */
  tell(method: string, args: unknown[]): void {
    if (!this.#closed) this.#channel.send({ rpc: 'call', id: 0, method, args } satisfies Call);
  }

  /** The other process has gone: everything waited for fails. */
  close(): void {
    this.#closed = true;
    for (const { reject } of this.#waiting.values())
      reject(new ProxyError('internal', 'the other process has gone'));
    this.#waiting.clear();
  }

  #receive(message: unknown): void {
    if (!isMessage(message)) return;
    if (message.rpc === 'reply') {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.error === undefined) waiting?.resolve(message.value);
      else waiting?.reject(new ProxyError('internal', message.error.message));
      return;
    }
    void this.#serve(message);
  }

  async #serve(call: Call): Promise<void> {
    let reply: Reply;
    try {
      const handler = this.#handlers[call.method] as ((...args: unknown[]) => unknown) | undefined;
      if (handler === undefined) throw new Error(`unknown method ${call.method}`);
      reply = { rpc: 'reply', id: call.id, value: await handler(...call.args) };
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      reply = { rpc: 'reply', id: call.id, error: { code: 'internal', message: error.message } };
    }
    if (call.id !== 0 && !this.#closed) this.#channel.send(reply);
  }
}

function isMessage(message: unknown): message is Call | Reply {
  return typeof message === 'object' && message !== null && 'rpc' in message;
}
