import type { EffectiveSetting, LogLevel } from '../config/config.js';
import type { KeyStatus } from '../keyring/keyring.js';
import type { UpstreamStatus } from '../origin/status.js';
import type { TierName } from '../tiers/tier.js';
import type { WarmCommand } from '../warm/command.js';
import type { HotKey } from '../warm/job.js';
import type { CacheInfoAnswer, ClearedCounts, ClearType, PeerResult } from './answers/cache.js';
import type { NodeRow, PeerRow } from './answers/cluster.js';
import type { HealthAnswer, RedisHealthAnswer } from './answers/health.js';
import type { EntryAnswer, KeyRow } from './answers/keys.js';
import type { StatsAnswer } from './answers/stats.js';
import type { TenantRow } from './answers/tenants.js';
import type { WarmJobRow } from './answers/warm.js';
import type { FromPeer } from './cascade.js';
import type { Preview } from './preview.js';

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
  /** As it holds now; redacted. */
  configuration(): Promise<SettingRow[]>;
  /** Reads the configuration again; `config_invalid` when that has mistakes. Resolves when every process has taken it. */
  reload(): Promise<ConfigReload>;
  logLevel(): Promise<LogLevels>;
  /** Until the configuration is read again. Resolves when every process has taken it. */
  setLogLevel(level: LogLevel): Promise<LogLevels>;
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
  /** The keys that are asked for most, and most in vain: at most so many of each. */
  hot(most: number): Promise<HotRows>;
  /** Something of a stored body to look at; null when L2 does not hold the key, or it was purged. */
  preview(key: string): Promise<Preview | null>;
  /** How much a purge would name. Looks at keys for two seconds at most. */
  tally(command: PurgeSelection): Promise<PurgeTally>;
}

export interface HotRows {
  /** null: nobody counts them (WARM_TOP_KEYS=0). */
  readonly hits: readonly HotKey[] | null;
  /** `hits` of each is the number of misses. */
  readonly misses: readonly HotKey[];
}

/** What a purge names; `all`: everything. */
export interface PurgeSelection extends Omit<PurgeCommand, 'soft' | 'from'> {
  readonly all: boolean;
}

export interface PurgeTally {
  /** Entries of any tier that it names, each once, as far as was looked. */
  readonly entries: number;
  readonly bytes: number;
  /** Entries in L2 altogether, about. */
  readonly total: number;
  /** false: there was no time to look at all, or no way. */
  readonly complete: boolean;
  /** Redis, or a part of it, could not be asked. */
  readonly away: boolean;
}

export interface SettingRow extends EffectiveSetting {
  /** When this value was read: wall clock, ms. */
  readonly loadedAt: number;
  /** It is given otherwise now than it holds. */
  readonly needsRestart: boolean;
}

export interface ConfigReload {
  /** Wall clock, ms. */
  readonly loadedAt: number;
  /** Names of variables that hold anew. */
  readonly changed: readonly string[];
  /** Names of variables that are given otherwise now than they hold. */
  readonly needRestart: readonly string[];
  /** false: a part of it could not be put to use; the log says which. */
  readonly settled: boolean;
}

export interface LogLevels {
  readonly level: LogLevel;
  /** What holds after the configuration is read again. */
  readonly configured: LogLevel;
}

export interface NodeStatus {
  readonly serverId: string;
  readonly region: string;
  /** Wall clock, ms. */
  readonly startedAt: number;
  /** Live worker processes. */
  readonly workers: number;
  /** Of these, those that accept connections. */
  readonly ready: number;
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
  /** This one included. */
  readonly nodesReached: number;
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
