import type { NodeRow } from '../admin/answers/cluster.js';
import type { HealthAnswer, HealthCheck, RedisHealthAnswer } from '../admin/answers/health.js';
import type { EntryAnswer } from '../admin/answers/keys.js';
import { cacheInfo } from '../admin/cache-info-answer.js';
import { collectKeys, describeEntry, type Lister } from '../admin/collect-keys.js';
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
import type { Member } from './member.js';
import { nodeState } from './node-state.js';
import { askPeer, cascade } from './peers.js';
import { purgeScopes } from './purge-scopes.js';
import type { Purger } from './purger.js';

export interface NodeParts {
  readonly config: Config;
  readonly effective: readonly EffectiveSetting[];
  readonly version: string;
  readonly clock: Clock;
  readonly site: SitePolicy;
  readonly disk: DiskStore;
  readonly table: PurgeTable;
  readonly purger: Purger;
  readonly origin: OriginService;
  /** Processes that serve clients; this one among them when there are no workers. */
  readonly members: () => readonly Member[];
  /** This process' own metrics where it is not a member. */
  readonly coreMetrics: (() => Promise<MetricsJson>) | undefined;
  readonly draining: () => boolean;
}

/** A failed write stays visible this long, ms. */
const DISK_TROUBLE_MS = 60_000;

/** The management side of one node: speaks for every process of it (CONTRACT, Paths). */
export class NodeManagement implements Management {
  readonly #parts: NodeParts;
  readonly #startedAt: number;
  #diskErrors = 0;
  #diskFailedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: NodeParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
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

  /** After an unsafe request (RFC 9111 section 4.4). */
  async purgeKey(key: string): Promise<void> {
    await this.#parts.purger.purge([{ kind: 'key', name: key }], false);
  }

  async clear({ type, soft, cascade: spread }: ClearCommand): Promise<ClearResult> {
    const { purger, disk, members, config } = this.#parts;
    const memory = type === 'all' || type === 'memory';
    const l2 = type === 'all' || type === 'l2' || type === 'disk';
    // Hard or soft, everything in flight and everything a tier fails to remove is covered by the rule (I-2).
    const stored = disk.stats().entries;
    if (type === 'all' || (l2 && soft)) await purger.purge([{ kind: 'all' }], soft);
    const cleared: ClearResult['cleared'] = {};
    if (memory) cleared.memory = sum(await answered(members().map((member) => member.clear(soft))));
    // The purge's own sweep may have removed some before `clear` counts.
    if (l2) cleared.disk = soft ? null : Math.max(stored, await disk.clear());
    const query = `type=${type}${soft ? '&soft=true' : ''}`;
    const peers = spread
      ? await cascade(config.cluster.peers, `/cache/clear?${query}`, config.server.serverId)
      : [];
    return { cleared, pending: false, peers };
  }

  async purge(command: PurgeCommand): Promise<PurgeResult> {
    const { site, purger } = this.#parts;
    const scopes = purgeScopes(site, command);
    await purger.purge(scopes, command.soft);
    const single = scopes.filter(({ kind }) => kind === 'key' || kind === 'path').length;
    const epochsRaised = scopes.length - single;
    return { epochsRaised, tombstonesWritten: single, nodesReached: 1, pending: false };
  }

  async keys(query: KeysQuery): Promise<KeysPage> {
    const { disk, members, table, clock } = this.#parts;
    const { tier } = query;
    const listers: Lister[] = [];
    if (tier === undefined || tier === 'memory') {
      for (const member of members()) listers.push((page) => member.list(page));
    }
    if (tier === undefined || tier === 'disk') listers.push((page) => disk.list(page));
    const alive = (head: EntryHead) => table.judge(head) !== 'purged';
    const page = await collectKeys(query, { listers, now: clock.now(), alive });
    const seen = query.offset + page.rows.length;
    if (query.after === '' && page.next === null && query.offset === 0) {
      return { ...page, total: seen, totalIsEstimate: false };
    }
    // What only memory holds, what waits to be swept and what a filter leaves out are not counted.
    const total = tier === 'memory' ? seen : Math.max(seen, disk.stats().entries);
    return { ...page, total, totalIsEstimate: true };
  }

  async entry(key: string): Promise<EntryAnswer | null> {
    const { disk, members, table, clock } = this.#parts;
    const inMemory = await answered(members().map((member) => member.row(key)));
    const rows = inMemory.filter((row) => row !== null);
    const stored = await disk.get(key);
    if (stored !== undefined) {
      const { body, ...head } = stored;
      rows.push({ head, bytes: entryBytes(head, body.length), tier: 'disk' });
    }
    const nearest = rows[0];
    return nearest === undefined ? null : describeEntry(rows, table.judge(nearest.head), clock.now());
  }

  async upstreams(): Promise<Upstreams> {
    const { origin, config, clock } = this.#parts;
    const { peers, parent } = config.cluster;
    const rows = peers.map((peer) => askPeer(peer, 'peer', clock.now));
    if (parent !== undefined) rows.push(askPeer(parent, 'parent', clock.now));
    return { upstreams: origin.status(), peers: await Promise.all(rows) };
  }

  async nodes(): Promise<NodeRow[]> {
    const { config, version, clock, draining, origin, disk } = this.#parts;
    const reports = await this.#reports();
    const state = nodeState({
      draining: draining(),
      heartbeatAgeMs: 0,
      l2Errors: disk.stats().errors,
      l2Reads: disk.stats().hits + disk.stats().misses,
      upstreams: origin.status(),
      eventLoopP99Ms: Math.max(0, ...reports.map((report) => report.eventLoopDelay.p99)),
    });
    return [
      {
        server_id: config.server.serverId,
        region: config.server.region,
        version,
        started: new Date(this.#startedAt).toISOString(),
        last_seen: new Date(clock.now()).toISOString(),
        self: true,
        ...state,
      },
    ];
  }

  async health(): Promise<HealthAnswer> {
    const { clock, members, origin, draining } = this.#parts;
    const serving = members().length;
    const checks = {
      upstream: upstreamCheck(origin),
      l1: check(serving > 0 ? 'ok' : 'failed', `${serving} worker process${serving === 1 ? '' : 'es'}`),
      l2: await this.#diskCheck(),
      bus: check('off', 'one machine: processes are told directly'),
    };
    const troubled = Object.values(checks).some(({ status }) => status === 'degraded' || status === 'failed');
    const status = serving === 0 ? 'unhealthy' : troubled || draining() ? 'degraded' : 'healthy';
    return { status, timestamp: new Date(clock.now()).toISOString(), checks };
  }

  async redisHealth(): Promise<RedisHealthAnswer> {
    return {
      status: 'off',
      mode: 'off',
      demanded: false,
      nodes: [],
      detail: 'No Redis is configured; L2 is the disk store.',
      timestamp: new Date(this.#parts.clock.now()).toISOString(),
    };
  }

  async #diskCheck(): Promise<HealthCheck> {
    const { disk, clock } = this.#parts;
    const began = clock.now();
    await disk.get('health-check');
    const latency_ms = clock.now() - began;
    const { errors } = disk.stats();
    if (errors > this.#diskErrors) this.#diskFailedAt = clock.now();
    this.#diskErrors = errors;
    const failed = clock.now() - this.#diskFailedAt < DISK_TROUBLE_MS;
    const detail = failed
      ? 'the disk store has failed within the last minute; the log says how'
      : 'disk store';
    return { status: failed ? 'degraded' : 'ok', latency_ms, detail };
  }

  #reports(): Promise<WorkerReport[]> {
    return answered(this.#parts.members().map((member) => member.report()));
  }

  #core(): CoreReport {
    const { origin, disk, coreMetrics } = this.#parts;
    const stats = disk.stats();
    // Where workers read L2 themselves, the core's own look-ups are second looks at their misses: not counted twice.
    const l2Stats = coreMetrics === undefined ? undefined : { ...stats, hits: 0, misses: 0 };
    return {
      startedAt: this.#startedAt,
      l2: { type: 'disk', inUse: 'disk', reason: null },
      l2Stats,
      upstreams: origin.status(),
    };
  }
}

function upstreamCheck(origin: OriginService): HealthCheck {
  const down = origin.status().filter(({ status }) => status === 'down');
  const total = origin.status().length;
  if (down.length === 0) return check('ok', `${total} of ${total} servers usable`);
  const status = down.length === total ? 'failed' : 'degraded';
  return check(status, `${down.map(({ url }) => url).join(', ')} down; stored answers are served`);
}

function check(status: HealthCheck['status'], detail: string): HealthCheck {
  return { status, latency_ms: null, detail };
}

/** Those that answered; a process that is just being replaced has nothing to say. */
async function answered<T>(questions: readonly Promise<T>[]): Promise<T[]> {
  const answers = await Promise.allSettled(questions);
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
