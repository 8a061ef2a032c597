import type { StoredHead } from './codec.js';

/** Up to here a copy costs less than keeping track of it, and memory, which takes such bodies in, shares them, bytes. */
const COPIED_BYTES = 64 * 1024;

/**
 * Large bodies read from L2 that somebody holds: whoever is to be sent the same bytes is given them, too. What memory does not take in would
 * otherwise be held as often as it is being sent. Only bytes are shared: the head is read anew each time, so that purges and times
 * are judged as if the body had been.
 */
export class SharedBodies {
  /** Of the memory, not of one view of it: a part of a body keeps no more alive. */
  readonly #held = new Map<string, WeakRef<ArrayBufferLike>>();
  readonly #arriving = new Map<string, Promise<unknown>>();
  readonly #collected = new FinalizationRegistry<string>((id) => {
    if (this.#held.get(id)?.deref() === undefined) this.#held.delete(id);
  });

  /** Bodies that are held, or were a moment ago. */
  get size(): number {
    return this.#held.size;
  }

  find(stored: StoredHead): Buffer | undefined {
    if (stored.bodyLength <= COPIED_BYTES) return undefined;
    const memory = this.#held.get(idOf(stored))?.deref();
    return memory === undefined ? undefined : Buffer.from(memory);
  }

  /** `body` has been compared with its checksum and owns its memory (I-18). */
  keep(stored: StoredHead, body: Buffer): void {
    if (stored.bodyLength <= COPIED_BYTES) return;
    const id = idOf(stored);
    this.#held.set(id, new WeakRef(body.buffer));
    this.#collected.register(body.buffer, id);
  }

  /** The body from whoever holds it, else from `read`, which is asked once for all who come meanwhile; a failure is told to all of them. */
  get<Failure extends string>(
    stored: StoredHead,
    read: () => Promise<Buffer | Failure>,
  ): Promise<Buffer | Failure> {
    const known = this.find(stored);
    if (known !== undefined) return Promise.resolve(known);
    const id = idOf(stored);
    const arriving = this.#arriving.get(id) as Promise<Buffer | Failure> | undefined;
    if (arriving !== undefined) return arriving;
    const reading = this.#read(stored, read).finally(() => this.#arriving.delete(id));
    this.#arriving.set(id, reading);
    return reading;
  }

  async #read<Failure>(stored: StoredHead, read: () => Promise<Buffer | Failure>): Promise<Buffer | Failure> {
    const body = await read();
    if (body instanceof Buffer) this.keep(stored, body);
    return body;
  }
}

/** Of one write of a key: `storedAt` as its writer gave it. */
function idOf({ head, bodyLength, bodyCrc }: StoredHead): string {
  return `${head.key}\n${head.storedAt}\n${bodyLength}\n${bodyCrc}`;
}
