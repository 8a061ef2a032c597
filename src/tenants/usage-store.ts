import type { Known } from './ledger.js';
import type { TenantUsage } from './tenant.js';
import { parseSums, printSums, type Sums } from './usage.js';

/** Usage of one day, of all nodes that write to the same place. */
export interface DayUsage {
  readonly day: number;
  readonly rows: readonly TenantUsage[];
}

/** Where usage outlives the processes that counted it. */
export interface UsageStore {
  /** Puts these rows of this node in the place of its earlier ones. Rejects when it can't. */
  write(day: number, rows: readonly TenantUsage[]): Promise<void>;
  /** Days up to `today`, newest first; those without usage may be missing. Rejects when it can't. */
  read(today: number): Promise<DayUsage[]>;
}

/** The part of a durable area (tiers/disk-types.ts) that is used here. */
export interface Area {
  put(key: string, value: Buffer): Promise<void>;
  remove(key: string): Promise<void>;
  entries(): Iterable<[string, Buffer]>;
}

const USAGE = /^usage:(\d+):(.+)$/;
const USED = /^used:(.+)$/;

/** On this machine's disk: usage and quotas of a node that is alone. */
export class DurableUsage implements UsageStore {
  /** `days`: how many are kept. */
  constructor(
    private readonly area: Area,
    readonly days: number,
  ) {}

  async write(day: number, rows: readonly TenantUsage[]): Promise<void> {
    await Promise.all(
      rows.map((row) => this.area.put(`usage:${day}:${row.tenant}`, Buffer.from(printSums(row)))),
    );
  }

  async read(today: number): Promise<DayUsage[]> {
    return this.keptDays(today);
  }

  keptDays(today: number): DayUsage[] {
    const days = new Map<number, TenantUsage[]>();
    for (const { day, tenant, sums } of this.#kept()) {
      if (day > today || day <= today - this.days) continue;
      days.set(day, [...(days.get(day) ?? []), { tenant, ...sums }]);
    }
    return [...days].sort(([a], [b]) => b - a).map(([day, rows]) => ({ day, rows }));
  }

  /** Removes days that are no longer kept. */
  async prune(today: number): Promise<void> {
    const old = [...this.#kept()].filter(({ day }) => day <= today - this.days);
    await Promise.all(old.map(({ key }) => this.area.remove(key)));
  }

  async writeUsed(used: readonly (Known & { readonly tenant: string })[]): Promise<void> {
    await Promise.all(
      used.map(({ tenant, day, used }) =>
        this.area.put(`used:${tenant}`, Buffer.from(JSON.stringify([day, used]))),
      ),
    );
  }

  /** Used of quotas when this was last written. */
  readUsed(): (Known & { readonly tenant: string })[] {
    const found: (Known & { readonly tenant: string })[] = [];
    for (const [key, value] of this.area.entries()) {
      const tenant = USED.exec(key)?.[1];
      const known = tenant === undefined ? undefined : parseKnown(value.toString());
      if (tenant !== undefined && known !== undefined) found.push({ tenant, ...known });
    }
    return found;
  }

  *#kept(): Iterable<{ key: string; day: number; tenant: string; sums: Sums }> {
    for (const [key, value] of this.area.entries()) {
      const named = USAGE.exec(key);
      const sums = named === null ? undefined : parseSums(value.toString());
      if (named !== null && sums !== undefined) yield { key, day: Number(named[1]), tenant: named[2]!, sums };
    }
  }
}

function parseKnown(text: string): Known | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value) || !value.every(Number.isSafeInteger)) return undefined;
  const [day, used] = value as number[];
  return day === undefined || used === undefined || used < 0 ? undefined : { day, used };
}

/** What of Redis' store is used here. */
export interface UsageRows {
  writeUsage(day: number, rows: readonly (readonly [field: string, value: string])[]): Promise<void>;
  readUsage(last: number): Promise<readonly { readonly day: number; readonly rows: [string, string][] }[]>;
}

/** In Redis: each run of each node has rows of its own, so that writing one twice changes nothing. */
export class SharedUsage implements UsageStore {
  /** `instance`: this run of this node; without a bar in it. */
  constructor(
    private readonly store: UsageRows,
    private readonly instance: string,
  ) {}

  write(day: number, rows: readonly TenantUsage[]): Promise<void> {
    return this.store.writeUsage(
      day,
      rows.map((row) => [`${this.instance}|${row.tenant}`, printSums(row)] as const),
    );
  }

  async read(today: number): Promise<DayUsage[]> {
    const days = await this.store.readUsage(today);
    return days.map(({ day, rows }) => ({
      day,
      rows: rows.flatMap(([field, value]) => {
        const sums = parseSums(value);
        return sums === undefined ? [] : [{ tenant: field.slice(field.indexOf('|') + 1), ...sums }];
      }),
    }));
  }
}
