import type { WorkerReport } from '../admin/report.js';
import type { Cover } from '../cache/coverage.js';
import type { Flights } from '../cache/flight.js';
import type { PurgeRule, PurgeTable } from '../cache/purge-table.js';
import type { Config } from '../config/config.js';
import { watchEventLoop } from '../observe/event-loop-delay.js';
import type { Metrics } from '../observe/metrics.js';
import type { MetricsJson } from '../observe/metrics-merge.js';
import type { RequestCounters } from '../observe/metrics-requests.js';
import type { KeySet, TenantUsage } from '../tenants/tenant.js';
import type { MemoryTier } from '../tiers/memory.js';
import type { ListPage, ListQuery, Row, Tier } from '../tiers/tier.js';
import type { HotKey } from '../warm/job.js';
import type { Member, MemberExtras } from './member.js';

export interface LocalMemberParts {
  readonly number: number;
  readonly memory: MemoryTier;
  /** L2 as this process reads it. */
  readonly l2: Tier;
  readonly table: PurgeTable;
  readonly flights: Flights;
  readonly counters: RequestCounters;
  readonly metrics: Metrics;
  readonly evict: (reason: string) => void;
  readonly extras: MemberExtras;
}

/** This process' own tiers and counters. In a worker the core reaches it through RPC (remote-member.ts). */
export class LocalMember implements Member {
  readonly id: string;
  readonly listens = true;
  readonly #parts: LocalMemberParts;
  readonly #delay = watchEventLoop();

  constructor(parts: LocalMemberParts) {
    this.#parts = parts;
    this.id = String(parts.number);
  }

  async report(): Promise<WorkerReport> {
    const { memory, l2, counters } = this.#parts;
    return {
      requests: counters.snapshot(),
      l1: memory.stats(),
      l2: l2.stats(),
      upstreams: [],
      eventLoopP99Ms: this.#delay.p99(),
    };
  }

  metrics(): Promise<MetricsJson> {
    return this.#parts.metrics.json();
  }

  list(query: ListQuery): Promise<ListPage> {
    return this.#parts.memory.list(query);
  }

  async row(key: string): Promise<Row | null> {
    const record = this.#parts.memory.peek(key);
    if (record === undefined) return null;
    const { body: _, ...head } = record.entry;
    return { head, bytes: record.bytes, tier: 'memory' };
  }

  clear(soft: boolean): Promise<number> {
    return soft ? Promise.resolve(this.#parts.memory.recheck()) : this.#parts.memory.clear();
  }

  async apply(rules: readonly PurgeRule[]): Promise<void> {
    const { table, flights } = this.#parts;
    for (const rule of rules) table.apply(rule);
    flights.detach(rules);
  }

  recheck(primaryKey: string): void {
    this.#parts.memory.recheckKey(primaryKey);
  }

  evict(reason: string): void {
    this.#parts.evict(reason);
  }

  cover(cover: Cover): void {
    this.#parts.extras.cover?.(cover);
  }

  async tenants(keys: KeySet): Promise<void> {
    await this.#parts.extras.tenants?.(keys);
  }

  async tenantUsage(): Promise<readonly TenantUsage[]> {
    return (await this.#parts.extras.tenantUsage?.()) ?? [];
  }

  async reconfigure(config: Config): Promise<void> {
    await this.#parts.extras.reconfigure?.(config);
  }

  async hot(most: number): Promise<readonly HotKey[]> {
    return (await this.#parts.extras.hot?.(most)) ?? [];
  }

  async misses(most: number): Promise<readonly HotKey[]> {
    return (await this.#parts.extras.misses?.(most)) ?? [];
  }

  async preload(keys: readonly string[]): Promise<number> {
    return (await this.#parts.extras.preload?.(keys)) ?? 0;
  }
}

/** All but what is said of a member from outside. A record, so that none is missing: it would fail only when it is called. */
const CROSSING = {
  report: true,
  metrics: true,
  list: true,
  row: true,
  clear: true,
  apply: true,
  recheck: true,
  cover: true,
  tenants: true,
  tenantUsage: true,
  reconfigure: true,
  hot: true,
  misses: true,
  preload: true,
} satisfies Record<Exclude<keyof Member, 'id' | 'listens' | 'evict'>, true>;

/** Methods of a member that cross to another process. */
export const MEMBER_METHODS = Object.keys(CROSSING) as (keyof typeof CROSSING)[];
