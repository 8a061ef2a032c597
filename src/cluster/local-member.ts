import type { WorkerReport } from '../admin/report.js';
import type { Flights } from '../cache/flight.js';
import type { PurgeRule, PurgeTable } from '../cache/purge-table.js';
import type { Metrics } from '../observe/metrics.js';
import { EventLoopMonitor } from '../observe/metrics-event-loop.js';
import type { MetricsJson } from '../observe/metrics-merge.js';
import type { RequestCounters } from '../observe/metrics-requests.js';
import type { MemoryTier } from '../tiers/memory.js';
import type { ListPage, ListQuery, Row, Tier } from '../tiers/tier.js';
import type { Member } from './member.js';

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
}

/** This process' own tiers and counters. In a worker the core reaches it through RPC (remote-member.ts). */
export class LocalMember implements Member {
  readonly id: string;
  readonly #parts: LocalMemberParts;
  readonly #started = performance.now();
  readonly #delay = new EventLoopMonitor();

  constructor(parts: LocalMemberParts) {
    this.#parts = parts;
    this.id = String(parts.number);
  }

  async report(): Promise<WorkerReport> {
    const { number, memory, l2, counters } = this.#parts;
    return {
      worker: number,
      pid: process.pid,
      uptimeMs: Math.round(performance.now() - this.#started),
      requests: counters.snapshot(),
      l1: memory.stats(),
      l2: l2.stats(),
      upstreams: [],
      eventLoopDelay: this.#delay.read(),
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
}

/** Methods of a member that cross to another process. */
export const MEMBER_METHODS = ['report', 'metrics', 'list', 'row', 'clear', 'apply', 'recheck'] as const;
