import type { TenantRow } from '../../../src/admin/answers/tenants.js';
import type { WarmJobRow } from '../../../src/admin/answers/warm.js';
import { type AdminAppOptions, createAdminApp } from '../../../src/admin/app.js';
import { createAuth, type Peer } from '../../../src/admin/auth.js';
import { Brake } from '../../../src/admin/brake.js';
import { cacheInfo } from '../../../src/admin/cache-info-answer.js';
import { collectKeys } from '../../../src/admin/collect-keys.js';
import { describeEntry } from '../../../src/admin/key-rows.js';
import type { ClearCommand, Management, PurgeCommand } from '../../../src/admin/management.js';
import { mergeStats } from '../../../src/admin/merge-stats.js';
import type { Preview } from '../../../src/admin/preview.js';
import type { CoreReport, WorkerReport } from '../../../src/admin/report.js';
import type { Outcome } from '../../../src/cache/outcome.js';
import { systemClock } from '../../../src/clock.js';
import { CLASS_NAMES, type Config, type LogLevel } from '../../../src/config/config.js';
import { createDashboard, mounted } from '../../../src/dashboard/app.js';
import { type Asset, type Assets, assetOf } from '../../../src/dashboard/assets.js';
import type { Watching } from '../../../src/dashboard/watching.js';
import { RequestCounters } from '../../../src/observe/metrics-requests.js';
import type { UpstreamStatus } from '../../../src/origin/status.js';
import type { EntryHead } from '../../../src/tiers/entry.js';
import type { Row, TierName, TierStats } from '../../../src/tiers/tier.js';
import type { WarmCommand } from '../../../src/warm/command.js';

export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
export const API = 'https://api.themoviedb.org';

export function head(key: string, more: Partial<EntryHead> = {}): EntryHead {
  return {
    key,
    primaryKey: key,
    status: 200,
    statusText: 'OK',
    headers: ['Content-Type', 'application/json', 'ETag', 'W/"1"'],
    coding: 'gzip',
    recoded: true,
    class: 'detail',
    tags: ['movie:550'],
    stamp: 3,
    storedAt: NOW - 60_000,
    ageAtStore: 10_000,
    lifetime: 360_000,
    memoryFor: 900_000,
    staleWhileRevalidate: 3_600_000,
    staleIfError: 86_400_000,
    vary: [],
    marker: false,
    ...more,
  };
}

export function row(key: string, tier: TierName = 'disk', more: Partial<EntryHead> = {}): Row {
  return { head: head(key, more), bytes: 1000, tier };
}

export function tierStats(more: Partial<TierStats> = {}): TierStats {
  return {
    entries: 10,
    bytes: 5000,
    maxBytes: 100_000,
    hits: 30,
    misses: 10,
    writes: 12,
    evictions: 2,
    corrupt: 0,
    errors: 0,
    ...more,
  };
}

export function upstream(more: Partial<UpstreamStatus> = {}): UpstreamStatus {
  return {
    upstream: 'api',
    url: API,
    status: 'healthy',
    requests: 10,
    successes: 9,
    errors: 1,
    p50_ms: 20,
    p95_ms: 80,
    in_flight: 1,
    max_connections: 20,
    queued: 0,
    last_error: null,
    last_error_at: null,
    breaker: 'closed',
    failover: { rank: 0, preferred: true, consecutive_failures: 0 },
    rate_limited_until: null,
    budget: { tokens: 40, rate: 40, burst: 40, queued: { user: 0, refresh: 0, background: 0 } },
    ...more,
  };
}

export function outcome(more: Partial<Outcome> = {}): Outcome {
  return { result: 'hit', served: 'memory', class: 'detail', ...more };
}

export function report(more: Partial<WorkerReport> = {}): WorkerReport {
  const requests = new RequestCounters();
  for (let i = 0; i < 3; i++) requests.record(outcome(), 200, 0.2);
  requests.record(outcome({ result: 'stale', served: 'disk', stale: 'while-revalidate' }), 200, 3);
  requests.record(outcome({ result: 'miss', served: 'origin' }), 200, 80);
  return {
    requests: requests.snapshot(),
    l1: tierStats(),
    l2: tierStats({ hits: 5, misses: 5 }),
    upstreams: [],
    eventLoopP99Ms: 1,
    ...more,
  };
}

export function core(more: Partial<CoreReport> = {}): CoreReport {
  return {
    startedAt: NOW - 3_600_000,
    l2: { type: 'disk', inUse: 'disk', reason: null },
    l2Stats: undefined,
    upstreams: [upstream()],
    feed: undefined,
    ...more,
  };
}

export const classTtl = { memoryMs: 900_000, freshMs: 21_600_000, swrMs: 0, sieMs: 0 };
export const config = {
  cache: { enabled: true, dir: '/var/cache/tmdb', classes: { detail: classTtl, image: classTtl } },
  redis: { poolSize: 10, l2: undefined },
} as unknown as Pick<Config, 'cache' | 'redis'>;

export function warmJob(more: Partial<WarmJobRow> = {}): WarmJobRow {
  return {
    id: 'w1',
    source: 'urls',
    status: 'running',
    total: 10,
    done: 4,
    hits: 1,
    filled: 2,
    skipped: 1,
    errors: 0,
    rate: 2,
    left_s: 3,
    last_error: null,
    ...more,
  };
}

/** A node with these keys in its disk store, that notes what it was told to do. */
export class FakeManagement implements Management {
  readonly cleared: ClearCommand[] = [];
  readonly purged: PurgeCommand[] = [];
  readonly rows: Row[];
  readonly warmed: WarmCommand[] = [];
  tenantRows: TenantRow[] = [];
  healthy: 'healthy' | 'degraded' | 'unhealthy' = 'healthy';
  redis: 'off' | 'unhealthy' = 'off';
  pending = false;
  failure: Error | undefined;

  constructor(keys: readonly string[] = ['v1:api:/3/movie/1', 'v1:api:/3/movie/2']) {
    this.rows = [...keys].sort().map((key) => row(key));
  }

  async stats() {
    if (this.failure !== undefined) throw this.failure;
    return mergeStats([report(), report()], core(), NOW);
  }
  async info() {
    return cacheInfo(config, [report(), report()], core());
  }
  async health() {
    const ok = { status: 'ok' as const, latency_ms: 1, detail: 'fine' };
    const off = { status: 'off' as const, latency_ms: null, detail: 'not configured' };
    return {
      status: this.healthy,
      timestamp: new Date(NOW).toISOString(),
      checks: { upstream: ok, l1: ok, l2: ok, bus: off },
    };
  }
  async redisHealth() {
    const nodes = [
      {
        address: '127.0.0.1:7000',
        role: 'master' as const,
        slots: '0-5460',
        reachable: false,
        latency_ms: null,
        detail: 'ECONNREFUSED',
      },
    ];
    const off = this.redis === 'off';
    return {
      status: this.redis,
      mode: off ? ('off' as const) : ('cluster' as const),
      demanded: !off,
      nodes: off ? [] : nodes,
      detail: off ? 'No Redis is configured' : 'away',
      timestamp: new Date(NOW).toISOString(),
    };
  }
  async status() {
    return { serverId: 'node-1', region: 'eu', startedAt: NOW - 61_500, workers: 2, ready: 1 };
  }
  async configuration() {
    return [
      { name: 'PORT', value: 6635, source: 'default' as const, reason: 'default' },
      { name: 'TMDB_API_KEY', value: '***', source: 'env' as const, reason: 'given' },
      { name: 'ADMIN_PORT', value: null, source: 'default' as const, reason: 'unset' },
    ].map((row) => ({ ...row, loadedAt: NOW, needsRestart: row.name === 'PORT' }));
  }
  async reload() {
    return { loadedAt: NOW, changed: ['JSON_MEMORY_TTL'], needRestart: ['PORT'], settled: true };
  }
  async logLevel() {
    return { level: 'info', configured: 'info' } as const;
  }
  async setLogLevel(level: LogLevel) {
    return { level, configured: 'info' } as const;
  }
  async clear(command: ClearCommand) {
    this.cleared.push(command);
    const peers = [
      { peer: 'https://one.example', ok: true, status: 200, detail: 'cleared' },
      { peer: 'https://two.example', ok: false, status: null, detail: 'no answer' },
    ];
    return {
      cleared: { memory: 4, disk: 9 },
      nodesReached: 1,
      pending: this.pending,
      peers: command.cascade ? peers : [],
    };
  }
  async purge(command: PurgeCommand) {
    this.purged.push(command);
    if (this.failure !== undefined) throw this.failure;
    return {
      epochsRaised: command.tags.length,
      tombstonesWritten: command.keys.length,
      nodesReached: 1,
      pending: this.pending,
    };
  }
  async keys(query: Parameters<Management['keys']>[0]) {
    const listers = [
      async ({ after, limit, contains }: { after: string; limit: number; contains: string }) => {
        const rows = this.rows.filter((item) => item.head.key > after && item.head.key.includes(contains));
        const page = rows.slice(0, limit);
        return { rows: page, next: rows.length > limit ? page.at(-1)!.head.key : null };
      },
    ];
    const page = await collectKeys(query, { listers, now: NOW });
    return { ...page, total: this.rows.length, totalIsEstimate: query.contains !== '' };
  }
  async entry(key: string) {
    return describeEntry(
      this.rows.filter((item) => item.head.key === key),
      'valid',
      NOW,
    );
  }
  async upstreams() {
    const peer = {
      url: 'https://peer.example',
      kind: 'peer' as const,
      status: 'healthy' as const,
      same_program: true,
      version: '1.0.0',
      server_id: 'node-2',
      region: 'us',
      latency_ms: 30,
      detail: null,
    };
    return { upstreams: [upstream()], peers: [peer], credentials: [] };
  }
  async nodes() {
    const at = new Date(NOW).toISOString();
    return [
      {
        server_id: 'node-1',
        region: 'eu',
        version: '1.0.0',
        started: at,
        last_seen: at,
        self: true,
        state: 'healthy' as const,
        weight: 1,
        signals: { workers: 2, l2: 'ok', draining: false, lag: null },
      },
    ];
  }
  async warm(command: WarmCommand) {
    this.warmed.push(command);
    return warmJob();
  }
  async warmStatus() {
    return [warmJob()];
  }
  async tenants() {
    return this.tenantRows;
  }
  async hot() {
    return { hits: [{ key: 'v1:api:/3/movie/1', hits: 320 }], misses: [] };
  }
  async preview(): Promise<Preview | null> {
    return null;
  }
  async tally() {
    return { entries: 2, bytes: 2000, total: this.rows.length, complete: true, away: false };
  }
  async metrics() {
    return '# HELP up Up.\n# TYPE up gauge\nup 1\n';
  }
}

export const LOCAL: Peer = { loopback: true, forwarded: false, address: '127.0.0.1' };
export const REMOTE: Peer = { loopback: false, forwarded: false, address: '203.0.113.9' };

export type AppOptions = Partial<AdminAppOptions> & {
  apiKey?: string;
  from?: Peer;
  /** Of the node; give the same to several apps, as its processes have. */
  watching?: Watching;
  /** Where a trusted proxy was asked. */
  base?: string;
};

/** Remembers which sessions were ended, and has no news. */
export function fakeWatching(): Watching {
  const ended = new Set<string>();
  return {
    watch: async () => ({ seq: 1, samples: [], state: {}, failed: [] }),
    endSession: async (id) => void ended.add(id),
    endedSessions: async (ids) => ids.filter((id) => ended.has(id)),
  };
}

const FAKE_ASSETS = Object.fromEntries(
  (['client.js', 'client.css', 'icon.svg'] as const).map((name) => [name, assetOf(name, Buffer.from(name))]),
) as Record<'client.js' | 'client.css' | 'icon.svg', Asset>;

export const ASSETS: Assets = {
  script: FAKE_ASSETS['client.js'],
  style: FAKE_ASSETS['client.css'],
  icon: FAKE_ASSETS['icon.svg'],
  all: new Map(Object.values(FAKE_ASSETS).map((asset) => [asset.path, asset])),
};

/** The app on a fake node, its dashboard included; by default without a key and asked from this machine. */
export function adminApp(
  management: Management,
  { apiKey, from = LOCAL, watching = fakeWatching(), base, ...more }: AppOptions = {},
) {
  const clock = { now: () => NOW, steady: () => 0 };
  const common = {
    auth: createAuth({ apiKey, brake: new Brake(clock) }),
    peer: () => from,
    ready: () => true,
    version: '1.2.3',
  };
  const dashboard = createDashboard({
    ...common,
    management: Object.assign(Object.create(management) as Management, watching),
    apiKey: () => apiKey,
    base: () => base,
    clock: { ...systemClock, ...clock },
    classes: CLASS_NAMES,
    assets: async () => ASSETS,
    api: (request, bindings) => admin.fetch(request, bindings),
  });
  const admin = createAdminApp({ ...common, management, clock, dashboard: mounted(dashboard), ...more });
  return admin;
}
