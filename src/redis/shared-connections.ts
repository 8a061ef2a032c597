import { isCount, isOneOf, isTuple } from './answers.js';
import type { Script } from './link.js';
import type { SharedMode } from './shared-mode.js';
import type { SharePriority } from './shared-rate.js';

/**
 * Members of a sorted set, scored by when their lease ends by *Redis'* clock. Not `redis-semaphore`: it scores by the
 * nodes' wall clocks and would let a node whose clock is ahead throw the others' members out (I-13).
 * KEYS members, hold; ARGV cap, lease (ms), member. {1, used}: taken; {0, used}: full; {-1, ms}: held by a 429.
 */
const TAKE: Script<[1 | 0 | -1, number]> = {
  name: 'tmdbpBudgetTake',
  keys: 2,
  isAnswer: isTuple(isOneOf(1, 0, -1), isCount),
  lua: `
local held = redis.call('PTTL', KEYS[2])
if held > 0 then return {-1, held} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local used = redis.call('ZCARD', KEYS[1])
if used >= tonumber(ARGV[1]) then return {0, used} end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[3])
return {1, used + 1}
`,
};

/**
 * KEYS members; ARGV lease (ms), then this node's members. Puts back those a restart of Redis has forgotten. Always writes:
 * a server that is full or read-only answers reads, and would be taken for one that counts (found: the budget flapped).
 */
export const RENEW: Script<number> = {
  name: 'tmdbpBudgetRenew',
  keys: 1,
  isAnswer: isCount,
  lua: `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, '')
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], now + tonumber(ARGV[1]), ARGV[i]) end
return redis.call('ZCARD', KEYS[1])
`,
};

/** KEYS members; ARGV member. */
const LEAVE: Script = {
  name: 'tmdbpBudgetLeave',
  keys: 1,
  isAnswer: isCount,
  lua: `return redis.call('ZREM', KEYS[1], ARGV[1])`,
};

/** A crashed node's connections are free again after this, ms; those in flight are renewed several times within it. */
const SLOT_MS = 5000;
/** How soon to ask again for a connection that somebody may give back any time, ms. */
const POLL_MS = 50;
/** Pause before the own share begins when Redis goes, ms: most of what the others had in flight ends within it. */
const DRAIN_MS = 250;
/** The part of the connections that lower classes may fill; as in origin/permits.ts. */
const PART: Record<SharePriority, number> = { user: 1, refresh: 0.75, background: 0.5 };

/** Runs a script with the budget's deadline; has noted the failure when it rejects. */
export type RunScript = <T>(
  script: Script<T>,
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<T>;

export interface SharedConnectionsOptions {
  /** Of all nodes together. */
  readonly max: number;
  /** Without a time to live: an evicted one would let everybody in. */
  readonly key: string;
  readonly holdKey: string;
  readonly mode: SharedMode;
  /** Begins the names of this process' members. */
  readonly instance: string;
  readonly run: RunScript;
}

export type ConnectionAnswer =
  | { readonly kind: 'entered'; readonly leave: () => void }
  | { readonly kind: 'wait'; readonly why: 'held' | 'busy'; readonly ms: number };

/** The connections of one server, counted over all nodes; while Redis is away this node's equal share of them. */
export class SharedConnections {
  readonly #options: SharedConnectionsOptions;
  readonly #mine = new Set<string>();
  /** Those of them that Redis has granted: renewing one that was only asked for would make it one (I-15). */
  readonly #granted = new Set<string>();
  #max: number;
  #tickets = 0;
  #used = 0;

  constructor(options: SharedConnectionsOptions) {
    this.#options = options;
    this.#max = options.max;
  }

  /** Another number from now on; those above it go on to their end. */
  retune(max: number): void {
    this.#max = max;
  }

  async take(priority: SharePriority): Promise<ConnectionAnswer> {
    const { mode, key, holdKey, instance, run } = this.#options;
    if (mode.ownShare && !this.#withinShare(priority)) return busy(POLL_MS);
    const member = `${instance}:${this.#tickets++}`;
    this.#mine.add(member);
    if (mode.shared) {
      try {
        const cap = capOf(this.#max, priority);
        const [state, value] = await run(TAKE, [key, holdKey], [cap, SLOT_MS, member]);
        if (state >= 0) this.#used = value;
        if (state === 1) return this.#entered(member);
        this.#mine.delete(member);
        return state === 0 ? busy(POLL_MS) : { kind: 'wait', why: 'held', ms: value };
      } catch {
        // Noted by `run`. Should the call yet arrive, its slot is given back right behind it.
        run(LEAVE, [key], [member]).catch(() => {});
        this.#mine.delete(member);
        if (!this.#withinShare(priority)) return busy(POLL_MS);
        this.#mine.add(member);
      }
    }
    const pause = mode.pause(DRAIN_MS);
    if (pause === 0) return this.#entered(member);
    this.#mine.delete(member);
    return busy(pause);
  }

  /** Extends the leases of what is in flight; also the proof that Redis takes writes again. Rejects when it does not. */
  async renew(): Promise<void> {
    const { key, run } = this.#options;
    this.#used = await run(RENEW, [key], [SLOT_MS, ...this.#granted]);
  }

  /** Requests of this process in flight. */
  get mine(): number {
    return this.#mine.size;
  }

  /** In use by all nodes as last heard; by this one alone while nothing is shared. */
  get used(): number {
    return this.#options.mode.shared ? Math.max(this.#used, this.mine) : this.mine;
  }

  #entered(member: string): ConnectionAnswer {
    this.#granted.add(member);
    return { kind: 'entered', leave: () => this.#leave(member) };
  }

  /** Idempotent. */
  #leave(member: string): void {
    const { key, run, mode } = this.#options;
    if (!this.#mine.delete(member)) return;
    this.#granted.delete(member);
    this.#used = Math.max(0, this.#used - 1);
    // Noted by `run`. What is not taken out ends with its lease, which is no longer renewed.
    if (mode.shared) run(LEAVE, [key], [member]).catch(() => {});
  }

  /** Everything in flight counts, also what was begun while connections were shared. */
  #withinShare(priority: SharePriority): boolean {
    const { mode } = this.#options;
    return this.#mine.size < capOf(Math.max(1, Math.floor(this.#max / mode.nodes)), priority);
  }
}

function capOf(max: number, priority: SharePriority): number {
  return Math.max(1, Math.ceil(max * PART[priority]));
}

function busy(ms: number): ConnectionAnswer {
  return { kind: 'wait', why: 'busy', ms };
}
