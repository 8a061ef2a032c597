import type { WorkerReport } from '../admin/report.js';
import type { Cover } from '../cache/coverage.js';
import type { PurgeRule } from '../cache/purge-table.js';
import type { Config } from '../config/config.js';
import type { MetricsJson } from '../observe/metrics-merge.js';
import type { KeySet, TenantUsage } from '../tenants/tenant.js';
import type { ListPage, ListQuery, Row } from '../tiers/tier.js';
import type { HotKey } from '../warm/job.js';
import type { PurgeFollower } from './purger.js';

/** A process of this node that answers clients, as the core sees it. */
export interface Member extends PurgeFollower {
  readonly id: string;
  /** Whether it accepts connections; a process that has just joined does not yet. */
  readonly listens: boolean;
  report(): Promise<WorkerReport>;
  metrics(): Promise<MetricsJson>;
  /** Rows of its L1. */
  list(query: ListQuery): Promise<ListPage>;
  row(key: string): Promise<Row | null>;
  /** Empties its L1, or with `soft` has it look at L2 again for everything. Resolves with how many entries there were. */
  clear(soft: boolean): Promise<number>;
  apply(rules: readonly PurgeRule[]): Promise<void>;
  /** What its L1 has of a primary key may have been replaced in L2: it is to look there. */
  recheck(primaryKey: string): void;
  /** How far the change feed covers what it has. Lost, it ends by itself. */
  cover(cover: Cover): void;
  /** Resolves once no request of it is judged by an older set of keys. */
  tenants(keys: KeySet): Promise<void>;
  tenantUsage(): Promise<readonly TenantUsage[]>;
  /** Resolves once it goes by this configuration, as far as that may change. */
  reconfigure(config: Config): Promise<void>;
  /** The keys it was asked for most, at most so many. */
  hot(most: number): Promise<readonly HotKey[]>;
  /** The keys it was asked for in vain most often, at most so many; `hits` are then misses. */
  misses(most: number): Promise<readonly HotKey[]>;
  /** Brings what L2 has of these keys into its L1. Resolves with how many it had. */
  preload(keys: readonly string[]): Promise<number>;
}

/** The parts of a member that its process may lack. */
export type MemberExtras = Partial<
  Pick<Member, 'cover' | 'tenants' | 'tenantUsage' | 'reconfigure' | 'hot' | 'misses' | 'preload'>
>;

/** Those that answered; a process that is just being replaced has nothing to say. */
export async function answered<T>(questions: readonly Promise<T>[]): Promise<T[]> {
  const answers = await Promise.allSettled(questions);
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
}
