import type { Clock } from '../clock.js';
import type { RedisLink } from '../redis/link.js';
import type { RedisDeadlines } from '../redis/options.js';
import type { Entry } from './entry.js';
import { LARGE_BYTES, type LargeValues } from './redis-large.js';
import { valuesOf } from './redis-masters.js';
import { type DecodedValue, decodeValue } from './redis-value.js';

export interface ReaderParts {
  readonly small: RedisLink;
  readonly large: LargeValues;
  readonly clock: Clock;
  readonly deadlines: RedisDeadlines;
}

/** Bytes of a value, and what the reader's clock and Redis said about its time. */
interface Answer {
  readonly bytes: Buffer;
  /** As PTTL answers, ms. */
  readonly pttl: number;
  /** This process' clock when the question was sent: earlier than Redis looked, so an age errs to the old side. */
  readonly asked: number;
}

/** Reads one value: in one round trip when it is small or known to be large, in two the first time it is large. */
export class ValueReader {
  readonly #parts: ReaderParts;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  /** Rejects with RedisTrouble. */
  async read(name: string, key: string): Promise<DecodedValue<Entry>> {
    const { small, large, deadlines } = this.#parts;
    if (large.knows(key)) return this.#whole(name, key);
    const first = await this.#ask(small, name, deadlines.read, 0, LARGE_BYTES - 1);
    if (first.bytes.length < LARGE_BYTES) return judged(first, key);
    const rest = await large.use((link) =>
      link.call('read', deadlines.bulk, (redis) => redis.getrangeBuffer(name, LARGE_BYTES, -1)),
    );
    const joined = judged({ ...first, bytes: Buffer.concat([first.bytes, rest]) }, key);
    large.note(key, LARGE_BYTES + rest.length);
    // Replaced between the two: the pieces of two values do not fit together. Once more, at one time.
    return joined.ok ? joined : this.#whole(name, key);
  }

  async #whole(name: string, key: string): Promise<DecodedValue<Entry>> {
    const { large, deadlines } = this.#parts;
    const answer = await large.use((link) => this.#ask(link, name, deadlines.bulk, 0, -1));
    large.note(key, answer.bytes.length);
    return judged(answer, key);
  }

  async #ask(link: RedisLink, name: string, deadline: number, from: number, to: number): Promise<Answer> {
    const asked = this.#parts.clock.now();
    // PTTL first: if the value is replaced in between, the new one gets the old one's, shorter, time.
    const [pttl, bytes] = await link.call('read', deadline, (redis) =>
      valuesOf(redis.pipeline().pttl(name).getrangeBuffer(name, from, to)),
    );
    return { bytes: bytes as Buffer, pttl: pttl as number, asked };
  }
}

function judged({ bytes, pttl, asked }: Answer, key: string): DecodedValue<Entry> {
  const decoded = decodeValue(bytes, pttl, asked);
  return decoded.ok && decoded.value.key !== key ? { ok: false, reason: 'other-key' } : decoded;
}
