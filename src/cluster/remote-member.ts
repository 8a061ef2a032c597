import type { WorkerReport } from '../admin/report.js';
import type { Cover } from '../cache/coverage.js';
import type { PurgeRule } from '../cache/purge-table.js';
import type { Config } from '../config/config.js';
import type { MetricsJson } from '../observe/metrics-merge.js';
import type { KeySet, TenantUsage } from '../tenants/tenant.js';
import type { ListPage, ListQuery, Row } from '../tiers/tier.js';
import type { HotKey } from '../warm/job.js';
import type { Member } from './member.js';
import type { WorkerLink } from './supervisor.js';

/** Longest a worker may take over a management question, ms. */
const DEADLINE_MS = 2500;
/** Reading many entries from L2, ms. */
const PRELOAD_DEADLINE_MS = 60_000;

/** A worker process as the core sees it. */
export class RemoteMember implements Member {
  readonly id: string;
  listens = false;
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

  cover(cover: Cover): void {
    this.#link.rpc.tell('cover', [cover]);
  }

  tenants(keys: KeySet): Promise<void> {
    return this.#link.rpc.call('tenants', [keys], DEADLINE_MS);
  }

  tenantUsage(): Promise<readonly TenantUsage[]> {
    return this.#link.rpc.call('tenantUsage', [], DEADLINE_MS);
  }

  reconfigure(config: Config): Promise<void> {
    return this.#link.rpc.call('reconfigure', [config], DEADLINE_MS);
  }

  hot(most: number): Promise<readonly HotKey[]> {
    return this.#link.rpc.call('hot', [most], DEADLINE_MS);
  }

  misses(most: number): Promise<readonly HotKey[]> {
    return this.#link.rpc.call('misses', [most], DEADLINE_MS);
  }

  preload(keys: readonly string[]): Promise<number> {
    return this.#link.rpc.call('preload', [keys], PRELOAD_DEADLINE_MS);
  }

  evict(reason: string): void {
    this.#onEvict(reason);
    this.#link.kill();
  }
}
