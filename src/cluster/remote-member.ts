import type { WorkerReport } from '../admin/report.js';
import type { PurgeRule } from '../cache/purge-table.js';
import type { MetricsJson } from '../observe/metrics-merge.js';
import type { ListPage, ListQuery, Row } from '../tiers/tier.js';
import type { Member } from './member.js';
import type { WorkerLink } from './supervisor.js';

/** Longest a worker may take over a management question, ms. */
const DEADLINE_MS = 2500;

/** A worker process as the core sees it. */
export class RemoteMember implements Member {
  readonly id: string;
  readonly #link: WorkerLink;
  readonly #onEvict: (reason: string) => void;

  constructor(link: WorkerLink, onEvict: (reason: string) => void) {
    this.id = String(link.id);
    this.#link = link;
    this.#onEvict = onEvict;
  }

  report(): Promise<WorkerReport> {
    return this.#link.rpc.call('report', [], DEADLINE_MS);
  }

  metrics(): Promise<MetricsJson> {
    return this.#link.rpc.call('metrics', [], DEADLINE_MS);
  }

  list(query: ListQuery): Promise<ListPage> {
    return this.#link.rpc.call('list', [query], DEADLINE_MS);
  }

  row(key: string): Promise<Row | null> {
    return this.#link.rpc.call('row', [key], DEADLINE_MS);
  }

  clear(soft: boolean): Promise<number> {
    return this.#link.rpc.call('clear', [soft], DEADLINE_MS);
  }

  apply(rules: readonly PurgeRule[]): Promise<void> {
    return this.#link.rpc.call('apply', [rules], DEADLINE_MS);
  }

  recheck(primaryKey: string): void {
    this.#link.rpc.tell('recheck', [primaryKey]);
  }

  evict(reason: string): void {
    this.#onEvict(reason);
    this.#link.kill();
  }
}
