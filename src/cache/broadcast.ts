import { ProxyError } from '../errors.js';
import type { BodySink, BodySource } from '../origin/source.js';

/** Bytes a reader may lag behind once the body no longer fits into one entry; then the origin is paused. */
const WINDOW_BYTES = 1024 * 1024;

/** Bytes that all broadcasts of a process hold together, and how many they may. Readers that lag are what fills it. */
export class HeldBytes {
  #held = 0;
  readonly #most: () => number;

  /** @param most asked each time: it may change while the program runs */
  constructor(most: () => number) {
    this.#most = most;
  }

  add(bytes: number): void {
    this.#held += bytes;
  }

  get full(): boolean {
    return this.#held > this.#most();
  }
}

export interface BroadcastEvents {
  /** The body ended. `body` is undefined when it outgrew the bound and can't be stored. */
  onEnd(body: Buffer | undefined): void;
  onError(error: Error): void;
  /** The bound was passed: streaming goes on, storing does not. Nobody may join any more. */
  onOverflow(): void;
}

/**
 * One origin body, many readers, each at its own pace and each from the first byte. Up to `keepBytes` everything is
 * kept, so the origin is read at full speed and the whole becomes the entry. Beyond, only a window is kept and the
 * slowest reader sets the pace: memory never grows with a slow client or a huge body.
 */
export class Broadcast implements BodySink {
  readonly #source: BodySource;
  readonly #keepBytes: number;
  readonly #events: BroadcastEvents;
  readonly #held: HeldBytes;
  readonly #readers = new Set<Reader>();
  #chunks: Buffer[] = [];
  /** Index of the first chunk still held; chunks before it were dropped in window mode. */
  #base = 0;
  #heldBytes = 0;
  #totalBytes = 0;
  #overflowed = false;
  #keepers = 0;
  #state: 'idle' | 'flowing' | 'ended' | 'failed' | 'cancelled' = 'idle';
  #failure: Error | undefined;

  constructor(source: BodySource, keepBytes: number, held: HeldBytes, events: BroadcastEvents) {
    this.#source = source;
    this.#keepBytes = keepBytes;
    this.#held = held;
    this.#events = events;
  }

  /** Begins reading the origin. Readers may be added before and after. */
  begin(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'flowing';
    this.#source.start(this);
  }

  get joinable(): boolean {
    return !this.#overflowed && this.#state !== 'failed' && this.#state !== 'cancelled';
  }

  /** The last byte has arrived. */
  get ended(): boolean {
    return this.#state === 'ended';
  }

  /** A reader that gets every byte from the first on. Throws when the beginning is gone. */
  reader(): BodySource {
    if (this.#base > 0) throw new Error('joined a broadcast whose beginning is gone');
    const reader = new Reader(this);
    this.#readers.add(reader);
    return reader;
  }

  /** Keeps the body flowing without a reader (background refresh, HEAD). The returned function lets go, once. */
  keep(): () => void {
    this.#keepers++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#keepers--;
      this.#cancelIfUnwanted();
    };
  }

  data(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#hold(chunk.length);
    this.#totalBytes += chunk.length;
    if (!this.#overflowed && this.#isTooMuch()) {
      this.#overflowed = true;
      this.#events.onOverflow();
    }
    for (const reader of [...this.#readers]) reader.pump();
    this.trim();
    // What can't be stored flows for its readers alone.
    if (this.#overflowed) this.#cancelIfUnwanted();
  }

  /**
   * What a window holds is held in any case, so that a body which fits into one costs no more for being stored; else a few readers
   * who take nothing of large ones would keep every other body from it.
   */
  #isTooMuch(): boolean {
    if (this.#totalBytes > this.#keepBytes) return true;
    return this.#held.full && this.#heldBytes > WINDOW_BYTES;
  }

  end(): void {
    this.#state = 'ended';
    if (!this.#overflowed) this.#events.onEnd(this.#joinChunks());
    else this.#events.onEnd(undefined);
    for (const reader of [...this.#readers]) reader.pump();
    this.#releaseIfOver();
  }

  /** The entry's body replaces the pieces, so that a reader which lags pins one copy, and the entry's own. */
  #joinChunks(): Buffer {
    const whole = joined(this.#chunks, this.#totalBytes);
    for (const reader of this.#readers) reader.toOffset();
    this.#chunks = [whole];
    return whole;
  }

  #hold(bytes: number): void {
    this.#heldBytes += bytes;
    this.#held.add(bytes);
  }

  /** Nothing is held any more once it is over and everyone has had it. */
  #releaseIfOver(): void {
    if (this.#readers.size > 0 || this.#state === 'flowing' || this.#state === 'idle') return;
    this.#hold(-this.#heldBytes);
  }

  error(error: Error): void {
    this.#state = 'failed';
    this.#failure = error;
    this.#events.onError(error);
    for (const reader of [...this.#readers]) reader.pump();
    this.#releaseIfOver();
  }

  /** @internal for Reader: the chunk at an absolute index, or what has become of the body. */
  at(index: number): Buffer | 'wait' | 'end' | Error {
    const chunk = this.#chunks[index - this.#base];
    if (chunk !== undefined) return chunk;
    if (this.#state === 'ended') return 'end';
    if (this.#state === 'failed' || this.#state === 'cancelled') {
      return this.#failure ?? new ProxyError('origin_unreachable', 'the body was given up');
    }
    return 'wait';
  }

  /** @internal for Reader: it is done, or its client has gone. */
  leave(reader: Reader): void {
    if (!this.#readers.delete(reader)) return;
    this.trim();
    this.#cancelIfUnwanted();
    this.#releaseIfOver();
  }

  /** @internal In window mode drops what every reader has had and pauses the origin for the slowest. */
  trim(): void {
    if (!this.#overflowed) return;
    let slowest = this.#base + this.#chunks.length;
    for (const reader of this.#readers) slowest = Math.min(slowest, reader.index);
    while (this.#base < slowest) {
      this.#hold(-this.#chunks.shift()!.length);
      this.#base++;
    }
    if (this.#state !== 'flowing') return;
    if (this.#heldBytes > WINDOW_BYTES) this.#source.pause();
    else this.#source.resume();
  }

  #cancelIfUnwanted(): void {
    if (this.#readers.size > 0 || (this.#keepers > 0 && !this.#overflowed)) return;
    if (this.#state !== 'flowing' && this.#state !== 'idle') return;
    this.#state = 'cancelled';
    this.#source.cancel();
    this.#releaseIfOver();
    this.#events.onError(new ProxyError('client_closed', 'nobody waits for the body any more'));
  }
}

/** One client's view of a broadcast. */
class Reader implements BodySource {
  index = 0;
  /** Bytes handed over so far. */
  #taken = 0;
  /** Bytes of the next chunk that were handed over in earlier, smaller pieces. */
  #skip = 0;
  readonly #broadcast: Broadcast;
  #sink: BodySink | undefined;
  #paused = false;
  #pumping = false;

  constructor(broadcast: Broadcast) {
    this.#broadcast = broadcast;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    this.pump();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.pump();
  }

  cancel(): void {
    this.#sink = undefined;
    this.#broadcast.leave(this);
  }

  /** All pieces have become one: the place in it is counted in bytes. */
  toOffset(): void {
    this.index = 0;
    this.#skip = this.#taken;
  }

  /** Hands over everything there is until the sink pauses. Not re-entrant: a sink may call `resume` inside `data`. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#sink !== undefined && !this.#paused) {
      const next = this.#broadcast.at(this.index);
      if (next === 'wait') break;
      if (Buffer.isBuffer(next)) {
        const rest = this.#skip === 0 ? next : next.subarray(this.#skip);
        this.#skip = 0;
        this.index++;
        this.#taken += rest.length;
        if (rest.length > 0) this.#sink.data(rest);
        continue;
      }
      const sink = this.#sink;
      this.cancel();
      if (next === 'end') sink.end();
      else sink.error(next);
    }
    this.#pumping = false;
    this.#broadcast.trim();
  }
}

/**
 * All pieces as one buffer that owns its memory. A single piece that fills the memory it lies in but for a sixteenth (the
 * response's head came with it) is taken as it is: copying 10 kB was 4 % of a miss.
 */
function joined(chunks: readonly Buffer[], bytes: number): Buffer {
  const [only] = chunks;
  if (chunks.length === 1 && only!.buffer.byteLength - bytes <= bytes / 16) return only!;
  return Buffer.concat(chunks, bytes);
}
