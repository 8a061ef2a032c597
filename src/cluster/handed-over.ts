import type { ChildProcess } from 'node:child_process';
import type { EventEmitter } from 'node:events';

/** What `node:cluster` and `node:child_process` tell each other beside the messages of a program. */
interface InternalMessage {
  readonly cmd?: string;
  readonly act?: string;
  readonly key?: string;
  readonly seq?: number;
  readonly ack?: number;
  readonly accepted?: boolean;
  readonly errno?: number | null;
}

/** A connection as `node:net` has it underneath. */
interface Handle {
  /** 0, or an error's number: of a connection that its client has reset nobody is at the other end. */
  getpeername?(into: object): number;
}

/**
 * Connections on their way to a worker. The primary of `node:cluster` accepts a connection, sends it to a worker and keeps it until
 * the worker says that it has it. A worker that dies first never says so, and Node (20 to 24) goes on waiting: the client would
 * hang for ever, and the primary keep its end open. A channel that waits so does not even say that it is closed. The same when
 * the worker has no file descriptor left to receive it with; that worker would, in addition, be given no connection ever again.
 * Here the missing answer is given in the worker's place.
 *
 * The primary accepts faster than workers take, and in turn: connections that were reset while they waited would keep those behind
 * them waiting, at hardly any cost to whoever makes them. They go to nobody.
 */
export class HandedOver {
  readonly #process: ChildProcess;
  /** By the number of the message, oldest first: the key of the listener. */
  readonly #onTheWay = new Map<number, string>();
  /** Keys of the listeners that the worker takes connections of. */
  readonly #listens = new Set<string>();

  constructor(process: ChildProcess) {
    this.#process = process;
    const send = process.send?.bind(process) as ((...args: unknown[]) => boolean) | undefined;
    if (send === undefined) return; // never started
    process.send = ((message: InternalMessage, ...rest: unknown[]) => {
      if (message.act === 'newconn' && message.seq !== undefined && isReset(rest[0] as Handle)) {
        const { seq } = message;
        // Not in this turn: the answer has the next one sent, and there may be thousands.
        queueMicrotask(() => this.#answer(seq, true));
        return true;
      }
      this.#sent(message);
      return send(message, ...rest);
    }) as ChildProcess['send'];
    (process as EventEmitter).on('internalMessage', (message: InternalMessage) => this.#received(message));
  }

  /** The worker has ended: what it has not taken goes to another, or is closed where nobody else listens. */
  lost(others: readonly HandedOver[]): void {
    this.#listens.clear();
    for (const [seq, key] of [...this.#onTheWay])
      this.#answer(seq, !others.some((other) => other.#listens.has(key)));
  }

  #sent({ cmd, act, key, seq, ack, errno }: InternalMessage): void {
    if (cmd !== 'NODE_CLUSTER' || key === undefined) return;
    if (act === 'newconn' && seq !== undefined) this.#onTheWay.set(seq, key);
    else if (ack !== undefined && !errno) this.#listens.add(key); // it has asked to listen
  }

  #received({ cmd, act, key, ack }: InternalMessage): void {
    if (cmd === 'NODE_HANDLE_NACK') {
      // One is on its way at a time, the others queue behind it. Nobody else has more descriptors: closed, as `accept` does.
      const [oldest] = this.#onTheWay.keys();
      if (oldest !== undefined) this.#answer(oldest, true);
    } else if (cmd === 'NODE_CLUSTER') {
      if (ack !== undefined) this.#onTheWay.delete(ack);
      if (act === 'close' && key !== undefined) this.#listens.delete(key);
    }
  }

  /** `closes`: the primary closes its end. Else it gives the connection to the next worker. */
  #answer(seq: number, closes: boolean): void {
    this.#onTheWay.delete(seq);
    (this.#process as EventEmitter).emit('internalMessage', {
      cmd: 'NODE_CLUSTER',
      ack: seq,
      accepted: closes,
    });
  }
}

function isReset(handle: Handle | undefined): boolean {
  return handle?.getpeername !== undefined && handle.getpeername({}) !== 0;
}
