import type { EffectiveSetting } from '../config/config.js';
import type { KeyStatus } from '../keyring/keyring.js';
import type { UpstreamStatus } from '../origin/status.js';
import type { TierName } from '../tiers/tier.js';
import type { CacheInfoAnswer, ClearedCounts, ClearType, PeerResult } from './answers/cache.js';
import type { NodeRow, PeerRow } from './answers/cluster.js';
import type { HealthAnswer, RedisHealthAnswer } from './answers/health.js';
import type { EntryAnswer, KeyRow } from './answers/keys.js';
import type { StatsAnswer } from './answers/stats.js';
import type { TenantRow } from './answers/tenants.js';
import type { WarmCommand, WarmJobRow } from './answers/warm.js';
import type { FromPeer } from './cascade.js';

/**
 * What the management routes need from the node. One implementation speaks for all worker processes, so everything in
 * and out is plain data that survives structured clone, and every method may be a question to another process.
 *
 * A method rejects with a `ProxyError` of a status below 500 for what the asker did wrong (`bad_request`: an address that is
 * not ours in `purge.urls`) and the routes print it; anything else becomes a 500 without details. Part of the node being away is
 * not an error: the answer says so.
 */
export interface Management {
  /** Sums over all workers. */
  stats(): Promise<StatsAnswer>;
  info(): Promise<CacheInfoAnswer>;
  health(): Promise<HealthAnswer>;
  /** Mode and status `off` while no Redis is configured. */
  redisHealth(): Promise<RedisHealthAnswer>;
  status(): Promise<NodeStatus>;
  /** As printed at the start: redacted. */
  configuration(): Promise<EffectiveSetting[]>;
  /** Resolves when this node's every worker applies it (I-1). */
  clear(command: ClearCommand): Promise<ClearResult>;
  /** Resolves when this node's every worker applies it (I-1). Selectors are united, not intersected. */
  purge(command: PurgeCommand): Promise<PurgeResult>;
  keys(query: KeysQuery): Promise<KeysPage>;
  /** `key` exactly as rows show it; null when no tier of any worker holds it. */
  entry(key: string): Promise<EntryAnswer | null>;
  upstreams(): Promise<Upstreams>;
  nodes(): Promise<NodeRow[]>;
  /** Begins, feeds, pauses, resumes or cancels a job; `conflict` when its state, or the node's, does not allow that. */
  warm(command: WarmCommand): Promise<WarmJobRow>;
  /** One job (`not_found` if there is none of this id), or without `id` all that are remembered, newest first. */
  warmStatus(id?: string): Promise<WarmJobRow[]>;
  /** Every tenant and what it has used; empty where clients need no key. */
  tenants(): Promise<TenantRow[]>;
  /** Prometheus text of all workers together, see `mergeMetrics`. */
  metrics(): Promise<string>;
}

export interface NodeStatus {
  readonly serverId: string;
  readonly region: string;
  /** Wall clock, ms. */
  readonly startedAt: number;
  /** Live worker processes. */
  readonly workers: number;
}

export interface ClearCommand {
  readonly type: ClearType;
  /** Soft: entries become stale at once, SWR and SIE apply. */
  readonly soft: boolean;
  /** Also ask the configured peers; those that do not answer are told later. */
  readonly cascade: boolean;
  /** The call is a peer's: it is done once for its id, and never passed on. */
  readonly from?: FromPeer | undefined;
}

export interface ClearResult {
  /** Only the tiers that `type` names and that exist. */
  readonly cleared: ClearedCounts;
  readonly pending: boolean;
  /** One per configured peer when `cascade` was asked for, else empty. */
  readonly peers: PeerResult[];
}

/** At least one selector is given. None is ever a pattern. */
export interface PurgeCommand {
  readonly keys: readonly string[];
  /** Paths (`/3/movie/1`; without a query every variant), full URLs of the API, and web addresses. */
  readonly urls: readonly string[];
  readonly tags: readonly string[];
  /** Beginning of keys. */
  readonly prefix: string | undefined;
  readonly class: string | undefined;
  readonly soft: boolean;
  /** The call is a peer's: it is done once for its id, and never passed on. Any other goes to the peers as well. */
  readonly from?: FromPeer | undefined;
}

export interface PurgeResult {
  /** Rules raised for a class, a tag or a prefix. */
  readonly epochsRaised: number;
  /** Rules written for single keys and paths. */
  readonly tombstonesWritten: number;
  /** This one included. */
  readonly nodesReached: number;
  /** Redis is away; other nodes learn of it after its return. */
  readonly pending: boolean;
}

export interface KeysQuery {
  /** 1 to 1000. */
  readonly limit: number;
  /** Rows to skip, counted from `after`. */
  readonly offset: number;
  /**
   * '' for the first page, else where to go on: rows whose key sorts strictly after this, or while L2 is unsorted a
   * position of `next`.
   */
  readonly after: string;
  /** Plain substring of the key; '' for all. */
  readonly contains: string;
  readonly tier: TierName | undefined;
  readonly class: string | undefined;
}

/** `collectKeys` makes one from tiers. */
export interface KeysPage {
  /** One row per key; sorted by key unless L2 is unsorted. */
  readonly rows: KeyRow[];
  /** `after` of the next page: a key, or while L2 is unsorted a position (`position.ts`); null at the end. */
  readonly next: string | null;
  readonly total: number;
  readonly totalIsEstimate: boolean;
}

export interface Upstreams {
  readonly upstreams: UpstreamStatus[];
  readonly peers: PeerRow[];
  /** Of the proxy's own, by number; no value. */
  readonly credentials: KeyStatus[];
}
