import type { NodeRow, PeerRow } from '../admin/answers/cluster.js';
import type { HealthAnswer, RedisHealthAnswer } from '../admin/answers/health.js';
import type { EntryAnswer } from '../admin/answers/keys.js';
import { cacheInfo } from '../admin/cache-info-answer.js';
import { collectKeys, describeEntry, type Lister, type UnsortedTier } from '../admin/collect-keys.js';
import type {
  ClearCommand,
  ClearResult,
  KeysPage,
  KeysQuery,
  Management,
  NodeStatus,
  PurgeCommand,
  PurgeResult,
  Upstreams,
} from '../admin/management.js';
import { mergeStats } from '../admin/merge-stats.js';
import type { CoreReport, WorkerReport } from '../admin/report.js';
import type { PurgeTable } from '../cache/purge-table.js';
import type { SitePolicy } from '../cache/site.js';
import type { Clock } from '../clock.js';
import type { Config, EffectiveSetting } from '../config/config.js';
import { type MetricsJson, mergeMetrics } from '../observe/metrics-merge.js';
import type { OriginService } from '../origin/origin.js';
import type { DiskStore } from '../tiers/disk-types.js';
import type { EntryHead } from '../tiers/entry.js';
import { entryBytes } from '../tiers/memory.js';
import type { Row, Tier } from '../tiers/tier.js';
import type { CoherenceStats } from './coherence.js';
import type { Member } from './member.js';
import { NodeHealth, type RedisView } from './node-health.js';
import { messagesOf } from './peer-message.js';
import type { PeerQueue } from './peer-queue.js';
import { askPeer, cascade, queueDetail } from './peers.js';
import { purgeScopes } from './purge-scopes.js';
import type { Purges } from './purger.js';
import { Receipts } from './receipts.js';
import { type NodeDescription, nodeRow } from './registry.js';

/** Longest an operator waits for Redis to be emptied, ms; it goes on, and what is left is invalid already. */
const REDIS_CLEAR_MS = 2000;

/** The other nodes, as the management side sees them. */
export interface BusView {
  readonly stats: () => CoherenceStats;
  readonly nodes: () => Promise<NodeRow[]>;
}

export interface NodeParts {
  readonly config: Config;
  readonly effective: readonly EffectiveSetting[];
  readonly version: string;
  readonly clock: Clock;
  readonly site: SitePolicy;
  readonly disk: DiskStore;
  /** What lookups use as L2: the disk store, or Redis with what stands in for it. */
  readonly l2: Tier;
  /** Undefined: L2 is the disk store. */
  readonly redis: RedisView | undefined;
  /** Undefined: this node is alone. */
  readonly bus: BusView | undefined;
  readonly table: PurgeTable;
  readonly purges: Purges;
  /** Other regions, told of what is purged here. */
  readonly peers: Pick<PeerQueue, 'add' | 'status'>;
  readonly origin: OriginService;
  /** Processes that serve clients; this one among them when there are no workers. */
  readonly members: () => readonly Member[];
  /** This process' own metrics where it is not a member. */
  readonly coreMetrics: (() => Promise<MetricsJson>) | undefined;
  readonly draining: () => boolean;
}

/** The management side of one node: speaks for every process of it (CONTRACT, Paths). */
export class NodeManagement implements Management {
  readonly #parts: NodeParts;
  readonly #startedAt: number;
  readonly #health: NodeHealth;
  readonly #clears = new Receipts<ClearResult>();
  readonly #purges = new Receipts<PurgeResult>();

  constructor(parts: NodeParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
    this.#health = new NodeHealth({ ...parts, bus: parts.bus?.stats, serving: () => parts.members().length });
  }

  async stats() {
    return mergeStats(await this.#reports(), this.#core(), this.#parts.clock.now());
  }

  async info() {
    return cacheInfo(this.#parts.config, await this.#reports(), this.#core());
  }

  async status(): Promise<NodeStatus> {
    const { config, members } = this.#parts;
    const { serverId, region } = config.server;
    return { serverId, region, startedAt: this.#startedAt, workers: members().length };
  }

  async configuration(): Promise<EffectiveSetting[]> {
    return [...this.#parts.effective];
  }

  async metrics(): Promise<string> {
    const { members, coreMetrics } = this.#parts;
    const parts = await answered(members().map((member) => member.metrics()));
    return mergeMetrics(coreMetrics === undefined ? parts : [...parts, await coreMetrics()]);
  }

  /** After an unsafe request (RFC 9111 section 4.4). A write through this region must not leave others stale. */
  async purgeKey(key: string): Promise<void> {
    const scopes = [{ kind: 'key', name: key }] as const;
    await this.#parts.purges.purge(scopes, false);
    await this.#parts.peers.add(messagesOf(scopes, false));
  }

  async clear(command: ClearCommand): Promise<ClearResult> {
    const { from, type, soft } = command;
    const result = await this.#clears.once(from?.id, () => this.#clear(command));
    if (from !== undefined || !command.cascade) return result;
    const { config, peers } = this.#parts;
    const query = `type=${type}${soft ? '&soft=true' : ''}`;
    const reports = await cascade(config.cluster.peers, `/cache/clear?${query}`, config.server.serverId);
    // Clearing a single tier is housekeeping; only what invalidates must reach a peer that is away.
    const told = new Set(reports.filter(({ ok }) => ok).map(({ peer }) => peer));
    if (type === 'all') await peers.add([{ kind: 'all', soft }], told);
    return { ...result, peers: reports };
  }

  async #clear({ type, soft }: ClearCommand): Promise<ClearResult> {
    const { purges, disk, redis, members, clock } = this.#parts;
    const memory = type === 'all' || type === 'memory';
    const l2 = type === 'all' || type === 'l2';
    const onDisk = type === 'disk' || (l2 && (redis === undefined || disk.stats().entries > 0));
    const inRedis = redis !== undefined && (type === 'redis' || l2);
    // Hard or soft, everything in flight and everything a tier fails to remove is covered by the rule (I-2).
    const stored = disk.stats().entries;
    const ruled = type === 'all' || (soft && (onDisk || inRedis));
    const receipt = ruled ? await purges.purge([{ kind: 'all' }], soft) : undefined;
    const cleared: ClearResult['cleared'] = {};
    if (memory) cleared.memory = sum(await answered(members().map((member) => member.clear(soft))));
    // The purge's own sweep may have removed some before `clear` counts.
    if (onDisk) cleared.disk = soft ? null : Math.max(stored, await disk.clear());
    // A large cluster is emptied for longer than anyone wants to wait.
    if (inRedis) cleared.redis = soft ? null : await within(clock, REDIS_CLEAR_MS, redis.clear());
    return { cleared, pending: receipt?.pending ?? false, peers: [] };
  }

  purge(command: PurgeCommand): Promise<PurgeResult> {
    return this.#purges.once(command.from?.id, () => this.#purge(command));
  }

  async #purge({ from, ...command }: PurgeCommand): Promise<PurgeResult> {
    const { site, purges, peers } = this.#parts;
    const scopes = purgeScopes(site, command);
    const { nodesReached, pending } = await purges.purge(scopes, command.soft);
    // After ours: a peer that asks this node again must not be given what was purged.
    if (from === undefined) await peers.add(messagesOf(scopes, command.soft));
    const single = scopes.filter(({ kind }) => kind === 'key' || kind === 'path').length;
    const epochsRaised = scopes.length - single;
    return { epochsRaised, tombstonesWritten: single, nodesReached, pending };
  }

  async keys(query: KeysQuery): Promise<KeysPage> {
    const { l2, members, table, clock } = this.#parts;
    const { tier } = query;
    const listers: Lister[] = [];
    if (tier === undefined || tier === 'memory') {
      for (const member of members()) listers.push((page) => member.list(page));
    }
    const shared = tier === undefined || tier === l2.name ? this.#unsorted() : undefined;
    if (shared === undefined && (tier === undefined || tier === l2.name))
      listers.push((page) => l2.list(page));
    const alive = (head: EntryHead) => table.judge(head) !== 'purged';
    const page = await collectKeys(query, { listers, unsorted: shared, now: clock.now(), alive });
    const seen = query.offset + page.rows.length;
    if (query.after === '' && page.next === null && query.offset === 0) {
      return { ...page, total: seen, totalIsEstimate: false };
    }
    // What only memory holds, what waits to be swept and what a filter leaves out are not counted.
    const total = tier === 'memory' ? seen : Math.max(seen, l2.stats().entries);
    return { ...page, total, totalIsEstimate: true };
  }

  #unsorted(): UnsortedTier | undefined {
    const { l2, redis } = this.#parts;
    if (l2.sorted) return undefined;
    return {
      place: redis?.status().inUse ?? l2.name,
      list: (page) => l2.list(page),
      head: (key) => l2.get(key),
      nearer: (key) => this.#inMemory(key),
    };
  }

  async #inMemory(key: string): Promise<Row[]> {
    const rows = await answered(this.#parts.members().map((member) => member.row(key)));
    return rows.filter((row) => row !== null);
  }

  async entry(key: string): Promise<EntryAnswer | null> {
    const { l2, table, clock } = this.#parts;
    const rows = await this.#inMemory(key);
    const stored = await l2.get(key);
    if (stored !== undefined) {
      const { body, ...head } = stored;
      rows.push({ head, bytes: entryBytes(head, body.length), tier: l2.whence?.(stored) ?? l2.name });
    }
    const nearest = rows[0];
    return nearest === undefined ? null : describeEntry(rows, table.judge(nearest.head), clock.now());
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
    return { upstreams: origin.status(), peers: await Promise.all(rows) };
  }

  async nodes(): Promise<NodeRow[]> {
    const { bus, clock } = this.#parts;
    return bus?.nodes() ?? [nodeRow(await this.describe(), 0, clock.now(), true)];
  }

  /** What this node tells the others of itself. */
  async describe(): Promise<NodeDescription> {
    const { config, version, draining, origin, l2, members } = this.#parts;
    const reports = await this.#reports();
    const { errors, hits, misses } = l2.stats();
    return {
      server_id: config.server.serverId,
      region: config.server.region,
      version,
      started: new Date(this.#startedAt).toISOString(),
      workers: members().length,
      signals: {
        draining: draining(),
        l2Errors: errors,
        l2Reads: hits + misses,
        upstreams: origin.status().map(({ status }) => ({ status })),
        eventLoopP99Ms: Math.max(0, ...reports.map((report) => report.eventLoopDelay.p99)),
      },
    };
  }

  health(): Promise<HealthAnswer> {
    return this.#health.health();
  }

  redisHealth(): Promise<RedisHealthAnswer> {
    return this.#health.redis();
  }

  #reports(): Promise<WorkerReport[]> {
    return answered(this.#parts.members().map((member) => member.report()));
  }

  #core(): CoreReport {
    const { origin, l2, redis, coreMetrics } = this.#parts;
    const stats = l2.stats();
    // Where workers read L2 themselves, the core's own look-ups are second looks at their misses: not counted twice.
    const l2Stats = coreMetrics === undefined ? undefined : { ...stats, hits: 0, misses: 0 };
    return { startedAt: this.#startedAt, l2: inUse(redis), l2Stats, upstreams: origin.status() };
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

/** What it resolves with, or null when that takes longer than `ms`. */
function within<T>(clock: Clock, ms: number, task: Promise<T>): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => resolve(null));
    task.then(resolve, reject).finally(cancel);
  });
}

/** Those that answered; a process that is just being replaced has nothing to say. */
async function answered<T>(questions: readonly Promise<T>[]): Promise<T[]> {
  const answers = await Promise.allSettled(questions);
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
