import type { RedisKeys } from './keys.js';
import type { RedisLink, Script } from './link.js';
import { FOUND, MERGE, RAISE, READ, SEED } from './purge-scripts.js';
import { RedisTrouble } from './trouble.js';

/** A purge of one scope. `member`: `h|` (hard) or `s|` (soft) and the scope's id; opaque here. */
export interface LogRule {
  readonly member: string;
  readonly seq: number;
}

/** Which data (`era`) and which server (`run`) answered: only within one of each is a number given once. */
export interface History {
  readonly era: string;
  readonly run: string;
}

export interface LogReading extends History {
  /** The highest number given. */
  readonly clock: number;
  /** Ascending by number. */
  readonly rules: readonly LogRule[];
}

export interface Raised extends History {
  readonly seq: number;
  /** The clock before: whoever stands there has missed nothing. -1 when other nodes' numbers came in between. */
  readonly prev: number;
}

/**
 * The purge clock and rules that nodes share. Every method has a deadline and rejects with RedisTrouble; `lost` means that the
 * data is not (or no longer) there and must be founded again.
 */
export interface PurgeLog {
  /** Rules numbered above `above`; -1 for all. */
  read(above: number): Promise<LogReading | 'lost'>;
  /** Numbers a purge of all `members`, higher than `floor` and anything given before, and rings the bell. */
  raise(members: readonly string[], floor: number): Promise<Raised | 'lost'>;
  /** Raises anew, under fresh numbers, what of `rules` is missing or older there. `seq` = `prev` if nothing was. */
  merge(rules: readonly LogRule[], floor: number): Promise<Raised | 'lost'>;
  /** Makes a lost log whole from `rules`; `purgeAll` when purges may be missing. False if another node was first. */
  found(era: string, rules: readonly LogRule[], floor: number, purgeAll: boolean): Promise<boolean>;
}

export interface PurgeLogOptions {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  /** This node's id, in the messages. */
  readonly node: string;
  /** Deadline of one script call, ms. */
  readonly deadlineMs: number;
  /** More rules fold the oldest into `all`. */
  readonly maxRules?: number;
  /** Rules of one reading call. */
  readonly pageSize?: number;
}

const MAX_RULES = 100_000;
const PAGE = 2000;
/** Members of one script call: keeps a call far below a millisecond of Redis' one thread. */
const CHUNK = 500;
/** Added when another server numbers on: more than numbers it can have missed and its clock can differ by, ms. */
const FAILOVER_LEAP = 600_000;
/** Added when a log is founded: more than all failovers of the lost one are likely to have added, ms. */
const FOUNDING_LEAP = 86_400_000;

/** PurgeLog in one slot of Redis. Nothing in it has a TTL: policies `volatile-*` never evict it (I-4). */
export class RedisPurgeLog implements PurgeLog {
  readonly #options: PurgeLogOptions;
  readonly #keys: readonly string[];

  constructor(options: PurgeLogOptions) {
    this.#options = options;
    this.#keys = ['clock', 'rules', 'era', 'run'].map((name) => options.keys.bus(name));
  }

  async read(above: number): Promise<LogReading | 'lost'> {
    const rules: LogRule[] = [];
    let from = above;
    let first: History | undefined;
    for (;;) {
      const page = await this.#call(READ, [from, this.#options.pageSize ?? PAGE]);
      if (page.length === 0) return 'lost';
      const [clock, era, run, full] = page as [string, string, string, string];
      first ??= { era, run };
      // Another server between two pages: what was read of the first says nothing of the second.
      if (first.era !== era || first.run !== run)
        throw new RedisTrouble('failing-over', 'redis purgeRead: another server answered in between');
      const before = from;
      for (let i = 4; i < page.length; i += 2) {
        from = Number(page[i + 1]);
        if (!page[i]!.startsWith('e|')) rules.push({ member: page[i]!, seq: from });
      }
      // A rule raised meanwhile moves up, so going upwards to the end misses none, and the last clock covers all.
      if (full === '0') return { clock: Number(clock), era, run, rules };
      if (!(from > before)) throw new RedisTrouble('error', 'redis purgeRead: pages that do not go on');
    }
  }

  async raise(members: readonly string[], floor: number): Promise<Raised | 'lost'> {
    return this.#inChunks(RAISE, members, floor, (member) => [member]);
  }

  merge(rules: readonly LogRule[], floor: number): Promise<Raised | 'lost'> {
    return this.#inChunks(MERGE, rules, floor, ({ member, seq }) => [member, seq]);
  }

  async found(era: string, rules: readonly LogRule[], floor: number, purgeAll: boolean): Promise<boolean> {
    // Without the era the log stays lost, so half of the rules are never taken for all of them.
    for (let i = 0; i < rules.length; i += CHUNK) {
      const args = rules.slice(i, i + CHUNK).flatMap(({ member, seq }) => [member, seq]);
      await this.#call(SEED, args);
    }
    return (await this.#call(FOUND, [era, floor, FOUNDING_LEAP, purgeAll ? '1' : '0'])) === 1;
  }

  /** One script call per chunk, each with its own number; the last, being the highest, is given out. */
  async #inChunks<T>(
    script: typeof RAISE,
    items: readonly T[],
    floor: number,
    toArgs: (item: T) => readonly (string | number)[],
  ): Promise<Raised | 'lost'> {
    const { node, keys, maxRules } = this.#options;
    const fixed = [floor, node, keys.channel('purges'), maxRules ?? MAX_RULES, FAILOVER_LEAP];
    let prev: number | undefined;
    let last: string | undefined;
    for (let i = 0; ; i += CHUNK) {
      const answer = await this.#call(script, [...fixed, ...items.slice(i, i + CHUNK).flatMap(toArgs)]);
      if (answer.length === 0) return 'lost';
      const [seq, before, era, run] = answer;
      prev = last === undefined ? Number(before) : before === last ? prev! : -1;
      last = seq;
      if (i + CHUNK >= items.length) return { seq: Number(seq), prev, era, run };
    }
  }

  #call<T>(script: Script<T>, args: readonly (string | number)[]): Promise<T> {
    return this.#options.link.run(script, this.#keys, args, this.#options.deadlineMs);
  }
}
