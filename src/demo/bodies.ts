import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Reply } from './ask.js';
import { type MemcEntry, memcEntry, memcLeft } from './headers.js';
import type { Json } from './random.js';

/** A body with what is derived from it. */
export class Rendered {
  readonly body: Buffer;
  readonly etag: string;
  #gzipped: Buffer | undefined;

  constructor(value: Json) {
    this.body = Buffer.from(JSON.stringify(value));
    this.etag = `W/"${createHash('md5').update(this.body).digest('hex')}"`;
  }

  gzipped(): Buffer {
    this.#gzipped ??= gzipSync(this.body, { level: 5 });
    return this.#gzipped;
  }
}

/** A response of TMDB's memory cache. */
export interface Kept {
  readonly reply: Reply;
  readonly rendered: Rendered;
  readonly memc: MemcEntry;
  readonly version: number;
}

/**
 * TMDB's own memory cache, as its headers show it: an entry counts down 7 to 8 hours. Whether it is served after an
 * edit, its user decides by `version`; the countdown starts anew when a body differs.
 */
export class Bodies {
  readonly #kept = new Map<string, Kept>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes = 64 * 1024 * 1024) {
    this.#maxBytes = maxBytes;
  }

  /** The entry, when its time is not over; edits may have been made since (`version`). */
  get(key: string, now: number): Kept | undefined {
    const kept = this.#kept.get(key);
    return kept && memcLeft(kept.memc, now) > 0 ? kept : undefined;
  }

  /** Takes a body in; one that equals the entry it replaces goes on counting down. */
  put(key: string, reply: Reply, version: number, now: number): Kept {
    const rendered = new Rendered(reply.body);
    const before = this.#kept.get(key);
    const same = before && before.rendered.etag === rendered.etag && memcLeft(before.memc, now) > 0;
    const kept: Kept = same
      ? { ...before, reply, version }
      : { reply, rendered, memc: memcEntry(key, now), version };
    if (before) this.#bytes -= before.rendered.body.length;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    this.#bytes += rendered.body.length;
    for (const [oldest, entry] of this.#kept) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#kept.delete(oldest);
      this.#bytes -= entry.rendered.body.length;
    }
    return kept;
  }
}
