import type { Clock } from '../clock.js';
import { isBytes, isCount, isTuple } from '../redis/answers.js';
import type { RedisLink, Script } from '../redis/link.js';
import type { RedisDeadlines } from '../redis/options.js';
import type { Entry } from './entry.js';
import { LARGE_BYTES, type LargeValues } from './redis-large.js';
import { type DecodedValue, decodeValue } from './redis-value.js';
import { SharedBodies } from './shared-bodies.js';

export interface ReaderParts {
  readonly small: RedisLink;
  readonly large: LargeValues;
  readonly clock: Clock;
  readonly deadlines: RedisDeadlines;
}

/**
 * KEYS value; ARGV first and last byte. A script, because it is one command to the client: two in a pipeline cost it twice
 * as much as one (bench/redis/l2.mjs). And no other write comes between the two.
 */
const READ_SCRIPT: Script<[pttl: number, bytes: Buffer]> = {
  name: 'tmdbpRead',
  keys: 1,
  lua: "return {redis.call('PTTL', KEYS[1]), redis.call('GETRANGE', KEYS[1], ARGV[1], ARGV[2])}",
  buffers: true,
  isAnswer: isTuple(isCount, isBytes),
};

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
  readonly #shared = new SharedBodies();

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  /** Rejects with RedisTrouble. */
  async read(name: string, key: string): Promise<DecodedValue<Entry>> {
    const { small, large, deadlines } = this.#parts;
    if (large.knows(key)) return this.#whole(name, key);
    const first = await this.#ask(small, name, deadlines.read, 0, LARGE_BYTES - 1);
    if (first.bytes.length < LARGE_BYTES) return this.#judged(first, key);
    const rest = await large.use((link) =>
      link.call('read', deadlines.bulk, (redis) => redis.getrangeBuffer(name, LARGE_BYTES, -1)),
    );
    const joined = this.#judged({ ...first, bytes: Buffer.concat([first.bytes, rest]) }, key);
    large.note(key, LARGE_BYTES + rest.length);
    // Replaced between the two: the pieces of two values do not fit together. Once more, at one time.
    return joined.ok ? joined : this.#whole(name, key);
  }

  async #whole(name: string, key: string): Promise<DecodedValue<Entry>> {
    const { large, deadlines } = this.#parts;
    const answer = await large.use((link) => this.#ask(link, name, deadlines.bulk, 0, -1));
    large.note(key, answer.bytes.length);
    return this.#judged(answer, key);
  }

  async #ask(link: RedisLink, name: string, deadline: number, from: number, to: number): Promise<Answer> {
    const asked = this.#parts.clock.now();
    const [pttl, bytes] = await link.run(READ_SCRIPT, [name], [from, to], deadline);
    return { bytes, pttl, asked };
  }

  #judged({ bytes, pttl, asked }: Answer, key: string): DecodedValue<Entry> {
    const decoded = decodeValue(bytes, pttl, asked, this.#shared);
    return decoded.ok && decoded.value.key !== key ? { ok: false, reason: 'other-key' } : decoded;
  }
}
