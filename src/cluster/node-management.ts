import type { NodeRow, PeerRow } from '../admin/answers/cluster.js';
import type { HealthAnswer, RedisHealthAnswer } from '../admin/answers/health.js';
import type { EntryAnswer } from '../admin/answers/keys.js';
import type { TenantRow } from '../admin/answers/tenants.js';
import type { WarmJobRow } from '../admin/answers/warm.js';
import { cacheInfo } from '../admin/cache-info-answer.js';
import type {
  ClearCommand,
  ClearResult,
  ConfigReload,
  HotRows,
  KeysPage,
  KeysQuery,
  LogLevels,
  Management,
  NodeStatus,
  PurgeCommand,
  PurgeResult,
  PurgeSelection,
  PurgeTally,
  SettingRow,
  Upstreams,
} from '../admin/management.js';
import { mergeStats } from '../admin/merge-stats.js';
import type { Preview } from '../admin/preview.js';
import type { CoreReport, WorkerReport } from '../admin/report.js';
import type { LogLevel } from '../config/config.js';
import type { Watching } from '../dashboard/watching.js';
import type { Watched } from '../dashboard/wire.js';
import type { FeedStatus } from '../feed/status.js';
import type { KeyStatus } from '../keyring/keyring.js';
import { type MetricsJson, mergeMetrics } from '../observe/metrics-merge.js';
import type { OriginService } from '../origin/origin.js';
import type { WarmCommand } from '../warm/command.js';
import type { CoherenceStats } from './coherence.js';
import { type EntriesParts, NodeEntries } from './node-entries.js';
import { figuresOf } from './node-figures.js';
import { NodeHealth, type RedisView } from './node-health.js';
import { NodePurging, type PurgingParts } from './node-purging.js';
import { nodeRow } from './node-row.js';
import { askPeer, queueDetail } from './peers.js';
import type { NodeDescription } from './registry.js';
import type { Reloader } from './reloader.js';
import type { WorkerFigures } from './worker-figures.js';

/** The other nodes, as the management side sees them. */
export interface BusView {
  readonly stats: () => CoherenceStats;
  readonly nodes: () => Promise<NodeRow[]>;
}

export interface NodeParts extends PurgingParts, EntriesParts {
  readonly reloader: Reloader;
  /** What the members have counted, also those that are gone. */
  readonly figures: WorkerFigures;
  /** Processes that answer clients. */
  readonly serving: () => number;
  /** Of these, those that accept connections. */
  readonly ready: () => number;
  readonly version: string;
  /** Undefined: this node is alone. */
  readonly bus: BusView | undefined;
  readonly origin: OriginService;
  /** This process' own metrics where it is not a member. */
  readonly coreMetrics: (() => Promise<MetricsJson>) | undefined;
  readonly draining: () => boolean;
  readonly extras: NodeExtras;
  readonly watching: Watching;
}

/** What a core does of its own accord, as the management side sees it. */
export interface NodeExtras {
  readonly warm: (command: WarmCommand) => Promise<WarmJobRow>;
  readonly warmStatus: (id?: string) => Promise<WarmJobRow[]>;
  readonly tenants: () => Promise<TenantRow[]>;
  /** Undefined: there is no change feed here. */
  readonly feed: () => FeedStatus | undefined;
  readonly credentials: () => KeyStatus[];
  readonly hot: (most: number) => Promise<HotRows>;
}

/** The management side of one node: speaks for every process of it (CONTRACT, Paths). */
export class NodeManagement implements Management, Watching {
  readonly #parts: NodeParts;
  readonly #startedAt: number;
  readonly #health: NodeHealth;
  readonly #purging: NodePurging;
  readonly #entries: NodeEntries;

  constructor(parts: NodeParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
    this.#purging = new NodePurging(parts);
    this.#entries = new NodeEntries(parts);
    this.#health = new NodeHealth({
      ...parts,
      bus: parts.bus?.stats,
      feed: parts.extras.feed,
      credentials: parts.extras.credentials,
      offline: parts.config.cache.offline,
    });
  }

  async stats() {
    return mergeStats(await this.#reports(), this.#core(), this.#parts.clock.now());
  }

  async info() {
    return cacheInfo(this.#parts.config, await this.#reports(), this.#core());
  }

  async status(): Promise<NodeStatus> {
    const { config, serving, ready } = this.#parts;
    const { serverId, region } = config.server;
    return { serverId, region, startedAt: this.#startedAt, workers: serving(), ready: ready() };
  }

  async configuration(): Promise<SettingRow[]> {
    return this.#parts.reloader.rows();
  }

  reload(): Promise<ConfigReload> {
    return this.#parts.reloader.reload();
  }

  async logLevel(): Promise<LogLevels> {
    return this.#parts.reloader.logLevel();
  }

  setLogLevel(level: LogLevel): Promise<LogLevels> {
    return this.#parts.reloader.setLogLevel(level);
  }

  async metrics(): Promise<string> {
    const { figures, coreMetrics } = this.#parts;
    const parts = await figures.metrics();
    return mergeMetrics(coreMetrics === undefined ? parts : [...parts, await coreMetrics()]);
  }

  /** After an unsafe request (RFC 9111 section 4.4). */
  purgeWritten(...written: Parameters<NodePurging['purgeWritten']>): Promise<number> {
    return this.#purging.purgeWritten(...written);
  }

  clear(command: ClearCommand): Promise<ClearResult> {
    return this.#purging.clear(command);
  }

  purge(command: PurgeCommand): Promise<PurgeResult> {
    return this.#purging.purge(command);
  }

  keys(query: KeysQuery): Promise<KeysPage> {
    return this.#entries.keys(query);
  }

  entry(key: string): Promise<EntryAnswer | null> {
    return this.#entries.entry(key);
  }

  preview(key: string): Promise<Preview | null> {
    return this.#entries.preview(key);
  }

  tally(selection: PurgeSelection): Promise<PurgeTally> {
    return this.#entries.tally(selection);
  }

  async upstreams(): Promise<Upstreams> {
    const { origin, config, clock } = this.#parts;
    const { peers, parent } = config.cluster;
    const queues = this.#parts.peers.status();
    const rows = peers.map(async (peer): Promise<PeerRow> => {
      const row = await askPeer(peer, 'peer', clock.now);
      const queue = queues.find((status) => status.peer === peer.origin);
      const detail = [row.detail, queue && queueDetail(queue)].filter((part) => part != null).join('; ');
      return { ...row, detail };
    });
    if (parent !== undefined) rows.push(askPeer(parent, 'parent', clock.now));
    const credentials = this.#parts.extras.credentials();
    return { upstreams: origin.status(), peers: await Promise.all(rows), credentials };
  }

  async nodes(): Promise<NodeRow[]> {
    const { bus, clock } = this.#parts;
    return bus?.nodes() ?? [nodeRow(await this.describe(), 0, clock.now(), true)];
  }

  warm(command: WarmCommand): Promise<WarmJobRow> {
    return this.#parts.extras.warm(command);
  }

  warmStatus(id?: string): Promise<WarmJobRow[]> {
    return this.#parts.extras.warmStatus(id);
  }

  tenants(): Promise<TenantRow[]> {
    return this.#parts.extras.tenants();
  }

  hot(most: number): Promise<HotRows> {
    return this.#parts.extras.hot(most);
  }

  watch(after: number): Promise<Watched> {
    return this.#parts.watching.watch(after);
  }

  endSession(id: string, until: number): Promise<void> {
    return this.#parts.watching.endSession(id, until);
  }

  endedSessions(ids: readonly string[]): Promise<string[]> {
    return this.#parts.watching.endedSessions(ids);
  }

  /** What this node tells the others of itself. */
  async describe(): Promise<NodeDescription> {
    const { config, version, draining, origin, l2, serving } = this.#parts;
    const reports = await this.#reports();
    const { errors, hits, misses } = l2.stats();
    return {
      server_id: config.server.serverId,
      region: config.server.region,
      version,
      started: new Date(this.#startedAt).toISOString(),
      workers: serving(),
      signals: {
        draining: draining(),
        l2Errors: errors,
        l2Reads: hits + misses,
        upstreams: origin.status().map(({ status }) => ({ status })),
        eventLoopP99Ms: Math.max(0, ...reports.map((report) => report.eventLoopP99Ms)),
      },
      figures: figuresOf(reports, this.#core(), this.#parts.clock.now()),
    };
  }

  health(): Promise<HealthAnswer> {
    return this.#health.health();
  }

  redisHealth(): Promise<RedisHealthAnswer> {
    return this.#health.redis();
  }

  #reports(): Promise<WorkerReport[]> {
    return this.#parts.figures.reports();
  }

  #core(): CoreReport {
    const { origin, l2, redis, coreMetrics } = this.#parts;
    const stats = l2.stats();
    // Where workers read L2 themselves, the core's own look-ups are second looks at their misses: not counted twice.
    const l2Stats = coreMetrics === undefined ? undefined : { ...stats, hits: 0, misses: 0 };
    const feed = this.#parts.extras.feed();
    return { startedAt: this.#startedAt, l2: inUse(redis), l2Stats, upstreams: origin.status(), feed };
  }
}

/** What was configured as L2 and what answers at present. */
function inUse(redis: RedisView | undefined): CoreReport['l2'] {
  if (redis === undefined) return { type: 'disk', inUse: 'disk', reason: null };
  const { inUse, stages } = redis.status();
  if (inUse === 'primary') return { type: 'redis', inUse: 'redis', reason: null };
  const reason = `Redis is away: ${stages[0]?.reason ?? 'unknown'}`;
  if (inUse === 'fallback')
    return { type: 'redis', inUse: 'redis', reason: `${reason}; REDIS_FALLBACK_NODES` };
  return { type: 'redis', inUse, reason };
}
