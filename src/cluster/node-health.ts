import type { HealthAnswer, HealthCheck, RedisHealthAnswer } from '../admin/answers/health.js';
import type { Clock } from '../clock.js';
import type { FeedStatus } from '../feed/status.js';
import { plural } from '../figures.js';
import type { KeyStatus } from '../keyring/keyring.js';
import type { OriginService } from '../origin/origin.js';
import { redisState } from '../redis/state.js';
import type { RedisNodeRow } from '../redis/topology.js';
import type { DiskStore } from '../tiers/disk-types.js';
import type { StackStatus } from '../tiers/stack.js';
import type { CoherenceStats } from './coherence.js';

/** Redis as L2, as the management side sees it. */
export interface RedisView {
  readonly mode: 'cluster' | 'sentinel' | 'standalone';
  readonly status: () => StackStatus;
  /** Asks every server; never rejects, at most a second. */
  readonly servers: () => Promise<RedisNodeRow[]>;
  /** Removes every entry from Redis; resolves with how many there were, rejects when some may be left. */
  readonly clear: () => Promise<number>;
}

export interface HealthParts {
  readonly clock: Clock;
  readonly origin: OriginService;
  readonly disk: DiskStore;
  /** Undefined: L2 is the disk store. */
  readonly redis: RedisView | undefined;
  /** Undefined: this node is alone. */
  readonly bus: (() => CoherenceStats) | undefined;
  /** Processes that answer clients. */
  readonly serving: () => number;
  readonly draining: () => boolean;
  /** Undefined: there is no change feed here. */
  readonly feed: () => FeedStatus | undefined;
  readonly credentials: () => KeyStatus[];
  /** `OFFLINE`. */
  readonly offline: boolean;
}

/** A failed write stays visible this long, ms. */
const DISK_TROUBLE_MS = 60_000;

/** How well a node can serve. Without Redis it serves, degraded; without a serving process it cannot. */
export class NodeHealth {
  readonly #parts: HealthParts;
  #diskErrors = 0;
  #diskFailedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: HealthParts) {
    this.#parts = parts;
  }

  async health(): Promise<HealthAnswer> {
    const { clock, serving, draining } = this.#parts;
    const count = serving();
    const checks = {
      upstream: upstreamCheck(this.#parts),
      l1: check(count > 0 ? 'ok' : 'failed', `${plural(count, 'worker process', 'worker processes')}`),
      l2: await this.#l2(),
      bus: this.#bus(),
    };
    const troubled = Object.values(checks).some(({ status }) => status === 'degraded' || status === 'failed');
    const status = count === 0 ? 'unhealthy' : troubled || draining() ? 'degraded' : 'healthy';
    return { status, timestamp: new Date(clock.now()).toISOString(), checks };
  }

  async redis(): Promise<RedisHealthAnswer> {
    const { redis, clock } = this.#parts;
    const timestamp = () => new Date(clock.now()).toISOString();
    if (redis === undefined) {
      const detail = 'No Redis is configured; L2 is the disk store.';
      return { status: 'off', mode: 'off', demanded: false, nodes: [], detail, timestamp: timestamp() };
    }
    const nodes = await redis.servers();
    const { inUse, stages } = redis.status();
    const state = redisState(nodes);
    const mode = inUse === 'fallback' ? 'fallback' : redis.mode;
    if (inUse === 'primary') {
      return {
        // It serves: what is missing (all Sentinels, say) is a risk and no failure.
        status: state.status === 'unhealthy' ? 'degraded' : state.status,
        mode,
        demanded: true,
        nodes,
        detail: state.detail,
        timestamp: timestamp(),
      };
    }
    const detail = `not in use: ${stages[0]?.reason ?? 'unknown'}; ${state.detail}; in use: ${inUse}`;
    return { status: 'unhealthy', mode, demanded: true, nodes, detail, timestamp: timestamp() };
  }

  async #l2(): Promise<HealthCheck> {
    const { redis } = this.#parts;
    if (redis === undefined) return this.#disk();
    const { inUse, stages } = redis.status();
    if (inUse === 'primary') return check('ok', `Redis (${redis.mode})`);
    const why = `Redis is away: ${stages[0]?.reason ?? 'unknown'}`;
    return check(inUse === 'none' ? 'failed' : 'degraded', `${why}; in use: ${inUse}`);
  }

  #bus(): HealthCheck {
    const { bus } = this.#parts;
    if (bus === undefined) return check('off', 'one machine: processes are told directly');
    const { state, pending, lastSyncAgeMs } = bus();
    if (state === 'synced') return check('ok', `purges are known up to ${lastSyncAgeMs ?? 0} ms ago`);
    return check('degraded', `Redis is away; ${pending} purges wait to be told to the other nodes`);
  }

  async #disk(): Promise<HealthCheck> {
    const { disk, clock } = this.#parts;
    const began = clock.steady();
    await disk.get('health-check');
    const latency_ms = clock.steady() - began;
    const { errors } = disk.stats();
    if (errors > this.#diskErrors) this.#diskFailedAt = clock.steady();
    this.#diskErrors = errors;
    const failed = clock.steady() - this.#diskFailedAt < DISK_TROUBLE_MS;
    const detail = failed
      ? 'the disk store has failed within the last minute; the log says how'
      : 'disk store';
    return { status: failed ? 'degraded' : 'ok', latency_ms, detail };
  }
}

/** Without the change feed details have the lifetimes of their class: told, but no trouble. */
function upstreamCheck({ origin, feed, credentials, offline }: HealthParts): HealthCheck {
  if (offline) return check('off', 'offline by configuration (OFFLINE=true); what is stored is served');
  const down = origin.status().filter(({ status }) => status === 'down');
  const total = origin.status().length;
  if (down.length > 0) {
    const status = down.length === total ? 'failed' : 'degraded';
    return check(status, `${down.map(({ url }) => url).join(', ')} down; stored answers are served`);
  }
  const keys = credentials();
  if (keys.length > 0 && keys.every(({ state }) => state === 'refused')) {
    return check('degraded', 'every TMDB_API_KEY is refused by TMDB; replace it');
  }
  const status = feed();
  const lapsed = status?.healthy === false ? `; change feed: ${status.reason ?? 'not read yet'}` : '';
  return check('ok', `${total} of ${total} servers usable${lapsed}`);
}

function check(status: HealthCheck['status'], detail: string): HealthCheck {
  return { status, latency_ms: null, detail };
}
