import { dayOf } from './account.js';
import type { Ledger } from './ledger.js';
import type { TenantRecord } from './records.js';
import { type Sums, UsageSums } from './usage.js';
import type { UsageKeeper } from './usage-keeper.js';

/** Usage as `/tenants` shows it. */
export interface UsageRow {
  requests: number;
  hits: number;
  origin_requests: number;
  bytes: number;
  refused: number;
}

export interface Row {
  tenant: string;
  rate: number | null;
  burst: number | null;
  quota: number | null;
  classes: string[] | null;
  expires: string | null;
  diagnostics: boolean;
  keys: { id: string; created: string | null; expires: string | null; revoked: string | null }[];
  today: UsageRow & { quota_left: number | null };
  days: (UsageRow & { date: string })[];
  complete: boolean;
}

export interface RowsParts {
  readonly tenants: readonly TenantRecord[];
  readonly ledger: Pick<Ledger, 'usedToday'>;
  readonly usage: Pick<UsageKeeper, 'days'>;
  /** ms since epoch. */
  readonly now: number;
}

/** Every tenant with what it may, what it has used today, and on the days before that it used anything. Never rejects. */
export function tenantRows({ tenants, ledger, usage, now }: RowsParts): Promise<Row[]> {
  const today = dayOf(now);
  return usage.days().then(({ days, complete }) => {
    const sums = days.map(({ day, rows }) => {
      const ofDay = new UsageSums();
      for (const { tenant, ...counts } of rows) ofDay.add(tenant, counts);
      return { day, ofDay };
    });
    return Promise.all(
      tenants.map(async (tenant): Promise<Row> => {
        const { name, quota } = tenant;
        const left = quota === undefined ? null : Math.max(0, quota - (await ledger.usedToday(name)).used);
        const now = sums.find(({ day }) => day === today)?.ofDay ?? new UsageSums();
        const before = sums
          .filter(({ day, ofDay }) => day < today && ofDay.of(name).requests > 0)
          .map(({ day, ofDay }) => ({ date: dateOf(day), ...usageRow(ofDay.of(name)) }));
        return {
          ...limitsRow(tenant),
          today: { ...usageRow(now.of(name)), quota_left: left },
          days: before,
          complete,
        };
      }),
    );
  });
}

function limitsRow(tenant: TenantRecord): Omit<Row, 'today' | 'days' | 'complete'> {
  const { name, rate, burst, quota, classes, expires, diagnostics, keys } = tenant;
  return {
    tenant: name,
    rate: rate ?? null,
    burst: burst ?? null,
    quota: quota ?? null,
    classes: classes === undefined ? null : [...classes],
    expires: iso(expires),
    diagnostics,
    keys: keys.map((key) => ({
      id: key.id,
      created: iso(key.created),
      expires: iso(key.expires),
      revoked: iso(key.revoked),
    })),
  };
}

function usageRow({ requests, hits, originRequests, bytes, refused }: Sums): UsageRow {
  return { requests, hits, origin_requests: originRequests, bytes, refused };
}

function dateOf(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}

function iso(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
