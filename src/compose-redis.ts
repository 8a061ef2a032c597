import { systemClock } from './clock.js';
import type { Config, RedisConfig } from './config/config.js';
import type { LiveConfig } from './config/live.js';
import { ProxyError } from './errors.js';
import type { Logger } from './observe/log.js';
import { RedisKeys } from './redis/keys.js';
import { type LinkEvents, RedisLink } from './redis/link.js';
import type { RedisAddress, RedisSettings } from './redis/options.js';
import type { EntryHead } from './tiers/entry.js';
import { RedisTier } from './tiers/redis.js';
import { FallbackTier, type StackStatus, type Stage } from './tiers/stack.js';
import type { Tier } from './tiers/tier.js';

/**
 * Upper bounds of one call that a client's request waits for, ms: what a look at TMDB itself costs. `REDIS_READ_TIMEOUT` and
 * `REDIS_WRITE_TIMEOUT` can only lower them.
 */
const READ_MS = 200;
const BULK_MS = 750;
const WRITE_MS = 1000;
const CONTROL_MS = 1000;
/** Between two looks at the size of the tier, ms. */
const MEASURE_MS = 5000;
/** More connections for large bodies than this gain nothing: one carries some hundred MB/s. */
const MAX_LARGE_LINKS = 4;
/** The head beside the largest body: fields and tags. */
const HEAD_BYTES = 64 * 1024;

export function redisSettings(redis: RedisConfig): RedisSettings {
  return {
    connectTimeoutMs: redis.connectTimeoutMs,
    retryDelayMs: redis.retryDelayMs,
    maxRetries: redis.maxRetries,
    deadlines: {
      read: Math.min(READ_MS, redis.readTimeoutMs),
      bulk: Math.min(BULK_MS, redis.readTimeoutMs),
      write: Math.min(WRITE_MS, redis.writeTimeoutMs),
      control: Math.min(CONTROL_MS, redis.writeTimeoutMs),
    },
  };
}

/** Makes the links of one process to one deployment, each for one kind of traffic. */
export class Links {
  readonly settings: RedisSettings;
  readonly keys: RedisKeys;
  readonly #opened: RedisLink[] = [];
  readonly #log: Logger;

  constructor(
    redis: RedisConfig,
    readonly address: RedisAddress,
    log: Logger,
  ) {
    this.settings = redisSettings(redis);
    this.keys = new RedisKeys(redis.keyPrefix);
    this.#log = log;
  }

  /** Connects by itself from now on. `purpose` names it in the log. */
  open(purpose: string): RedisLink {
    const link = this.make(purpose);
    link.open();
    this.#opened.push(link);
    return link;
  }

  /** Not connected yet, and closed by whoever asked for it. */
  make(purpose: string, events: LinkEvents = {}): RedisLink {
    return new RedisLink({
      address: this.address,
      settings: this.settings,
      clock: systemClock,
      events: {
        // What matters is said once, when the tier or the bus goes away; this is for finding out why.
        onError: (error, suppressed) =>
          this.#log.debug({ purpose, suppressed, err: error }, 'redis connection'),
        ...events,
      },
    });
  }

  /** Resolves when all that were opened are connected, or after `ms`. */
  async ready(ms: number): Promise<void> {
    await Promise.all(this.#opened.map((link) => link.ready(ms)));
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.map((link) => link.close()));
  }
}

/** Connections of one process per Redis server that carry large bodies: its share of `REDIS_POOL_SIZE`. */
export function largeLinks({ redis, server }: Pick<Config, 'redis' | 'server'>): number {
  const processes = server.workers > 1 ? server.workers + 1 : 1;
  // Two of the pool carry small values and scans.
  return Math.min(MAX_LARGE_LINKS, Math.max(1, Math.floor(redis.poolSize / processes) - 2));
}

/** L2 in Redis, what stands in for it, and how to end it. */
export interface RedisL2 {
  readonly tier: FallbackTier;
  readonly links: Links;
  /** Of Redis alone, not of the disk store. Rejects when some entries may be left. */
  readonly clear: () => Promise<number>;
  readonly sweep: (dead: (head: EntryHead) => boolean) => Promise<number>;
  readonly close: () => Promise<void>;
}

export interface RedisL2Options {
  readonly live: LiveConfig;
  readonly log: Logger;
  /** The disk store, as far as this process may use it. */
  readonly disk: Tier;
  /** False in a worker: the core writes (ADR 0001). */
  readonly writable: boolean;
  /** Reads purges again before Redis is trusted after it was away. */
  readonly beforeReturn: () => Promise<void>;
}

/** Puts L2 together: Redis, then `REDIS_FALLBACK_NODES`, then the disk store. Connects in the background. */
export function openRedisL2(options: RedisL2Options): RedisL2 {
  const { live, log, disk, beforeReturn } = options;
  const { config } = live;
  const { redis } = config;
  const links = new Links(redis, redis.l2!, log);
  const primary = redisTier(links, options, largeLinks(config));
  const stages: Stage[] = [{ label: 'primary', tier: primary, beforeReturn }];
  const closing = [links];
  if (redis.fallback !== undefined) {
    const second = new Links(redis, redis.fallback, log);
    closing.push(second);
    // Purges do not go by way of it: what it holds is judged by the same table.
    stages.push({ label: 'fallback', tier: redisTier(second, options, 1), beforeReturn: async () => {} });
  }
  let stopped = false;
  const tier = new FallbackTier({
    stages,
    last: redis.diskFallback ? disk : undefined,
    clock: systemClock,
    onChange: (status) => stopped || logStack(log, status),
  });
  let cancel = () => {};
  const measure = async () => {
    const { inUse } = tier.status();
    await stages.find(({ label }) => label === inUse)?.tier.measure();
    if (!stopped) cancel = systemClock.after(MEASURE_MS, () => void measure());
  };
  if (options.writable) void measure();
  return {
    tier,
    links,
    clear: async () => {
      const errors = () => stages.reduce((sum, stage) => sum + stage.tier.stats().errors, 0);
      const before = errors();
      const count = await total(stages.map((stage) => stage.tier.clear()));
      if (errors() > before) throw new ProxyError('internal', 'not every Redis server could be emptied');
      return count;
    },
    sweep: (dead) => total(stages.map((stage) => stage.tier.sweep(dead))),
    close: async () => {
      stopped = true;
      cancel();
      await tier.close();
      await Promise.all(closing.map((each) => each.close()));
    },
  };
}

async function total(counts: readonly Promise<number>[]): Promise<number> {
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

function redisTier(links: Links, { live, writable }: RedisL2Options, large: number): RedisTier {
  const { keys, settings } = links;
  const small = links.open('small values');
  return new RedisTier({
    small,
    large: Array.from({ length: large }, () => links.open('large values')),
    // A worker neither lists nor sweeps: the core does.
    control: writable ? links.open('scans') : small,
    keys,
    clock: systemClock,
    deadlines: settings.deadlines,
    get maxEntryBytes() {
      return live.config.cache.maxEntryBytes + HEAD_BYTES;
    },
    keepMs: live.config.cache.keepMs,
    writable,
  });
}

function logStack(log: Logger, status: StackStatus): void {
  const primary = status.stages[0];
  if (status.inUse === 'primary') log.info(status, 'L2: Redis is in use');
  else log.warn(status, `L2: Redis is away (${primary?.reason ?? 'unknown'}); in use: ${status.inUse}`);
}
