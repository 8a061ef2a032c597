import type { TenantUsage } from './tenant.js';

/** What of a request's outcome usage is counted by. */
export interface Counted {
  readonly result: 'hit' | 'stale' | 'miss' | 'bypass' | 'error';
  /** Why the origin was asked; undefined: it was not. */
  readonly forward?: string | undefined;
  /** It shared another's origin request. */
  readonly collapsed?: boolean | undefined;
}

/** Counts of one tenant, by what is summed. */
export type Sums = Omit<TenantUsage, 'tenant'>;
type Counts = { -readonly [Name in keyof Sums]: number };

const none = (): Counts => ({ requests: 0, hits: 0, originRequests: 0, bytes: 0, refused: 0 });

/** What this process has answered tenants since it started. A few additions for each request. */
export class UsageCounter {
  readonly #counts = new Map<string, Counts>();

  /** A finished request. `outcome`: undefined when there was none; `bytes` of its body. */
  record(tenant: string, outcome: Counted | undefined, bytes: number): void {
    const counts = this.#of(tenant);
    counts.requests += 1;
    counts.bytes += bytes;
    if (outcome === undefined || outcome.result === 'error') return;
    if (outcome.result === 'hit' || outcome.result === 'stale') counts.hits += 1;
    if (outcome.forward !== undefined && outcome.collapsed !== true) counts.originRequests += 1;
  }

  /** A request that was refused by class, rate or quota; it is recorded as well. */
  refused(tenant: string): void {
    this.#of(tenant).refused += 1;
  }

  all(): TenantUsage[] {
    return [...this.#counts].map(([tenant, counts]) => ({ tenant, ...counts }));
  }

  #of(tenant: string): Counts {
    let counts = this.#counts.get(tenant);
    if (counts === undefined) {
      counts = none();
      this.#counts.set(tenant, counts);
    }
    return counts;
  }
}

/** Sums by tenant. */
export class UsageSums {
  readonly #sums = new Map<string, Counts>();

  add(tenant: string, more: Sums): void {
    const sums = this.#sums.get(tenant) ?? none();
    for (const name of NAMES) sums[name] += more[name];
    this.#sums.set(tenant, sums);
  }

  of(tenant: string): Sums {
    return { ...(this.#sums.get(tenant) ?? none()) };
  }

  all(): TenantUsage[] {
    return [...this.#sums].map(([tenant, sums]) => ({ tenant, ...sums }));
  }
}

const NAMES = ['requests', 'hits', 'originRequests', 'bytes', 'refused'] as const satisfies (keyof Sums)[];

/** As it is stored: numbers in a fixed order. */
export function printSums(sums: Sums): string {
  return JSON.stringify(NAMES.map((name) => sums[name]));
}

/** Undefined of what was not printed here. */
export function parseSums(text: string): Sums | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value) || value.length !== NAMES.length) return undefined;
  if (!value.every((count) => Number.isSafeInteger(count) && count >= 0)) return undefined;
  return Object.fromEntries(NAMES.map((name, i) => [name, value[i]])) as unknown as Sums;
}

function less(now: TenantUsage, before: TenantUsage | undefined): Sums {
  // A smaller count is a process that began anew under the same name.
  const since = before === undefined || before.requests > now.requests ? none() : before;
  const difference = none();
  for (const name of NAMES) difference[name] = Math.max(0, now[name] - since[name]);
  return difference;
}

/**
 * The usage of one node by days: what its processes count since they started, taken as differences, so that a process which
 * ends takes nothing away. Days are those on which the node heard of it.
 */
export class UsageBook {
  readonly #seen = new Map<string, ReadonlyMap<string, TenantUsage>>();
  readonly #days = new Map<number, UsageSums>();
  readonly #dirty = new Map<number, Set<string>>();
  /** Since this run began. */
  readonly total = new UsageSums();

  /** Takes in what a process says of itself. `day`: today. */
  take(process: string, usage: readonly TenantUsage[], day: number): void {
    const before = this.#seen.get(process);
    for (const row of usage) {
      const more = less(row, before?.get(row.tenant));
      if (NAMES.every((name) => more[name] === 0)) continue;
      this.#dayOf(day).add(row.tenant, more);
      this.total.add(row.tenant, more);
      this.#mark(day, row.tenant);
    }
    this.#seen.set(process, new Map(usage.map((row) => [row.tenant, row])));
  }

  /** Processes that have ended are not asked again. */
  keepOnly(processes: ReadonlySet<string>): void {
    for (const process of this.#seen.keys()) if (!processes.has(process)) this.#seen.delete(process);
  }

  /** What an earlier run had counted. */
  remember(day: number, tenant: string, sums: Sums): void {
    this.#dayOf(day).add(tenant, sums);
  }

  day(day: number): TenantUsage[] {
    return this.#days.get(day)?.all() ?? [];
  }

  /** Days of which something is held. */
  get days(): number[] {
    return [...this.#days.keys()];
  }

  /** Rows that have changed since they were last taken here. */
  changed(): { readonly day: number; readonly rows: TenantUsage[] }[] {
    const changed = [...this.#dirty].map(([day, tenants]) => ({
      day,
      rows: this.day(day).filter(({ tenant }) => tenants.has(tenant)),
    }));
    this.#dirty.clear();
    return changed;
  }

  /** These could not be written. */
  unwritten(day: number, rows: readonly TenantUsage[]): void {
    for (const { tenant } of rows) this.#mark(day, tenant);
  }

  /** Everything is to be written again: what was there may be lost. */
  rewrite(): void {
    for (const day of this.#days.keys()) this.unwritten(day, this.day(day));
  }

  forgetBefore(day: number): void {
    for (const days of [this.#days, this.#dirty]) {
      for (const known of days.keys()) if (known < day) days.delete(known);
    }
  }

  #dayOf(day: number): UsageSums {
    let sums = this.#days.get(day);
    if (sums === undefined) {
      sums = new UsageSums();
      this.#days.set(day, sums);
    }
    return sums;
  }

  #mark(day: number, tenant: string): void {
    let tenants = this.#dirty.get(day);
    if (tenants === undefined) {
      tenants = new Set();
      this.#dirty.set(day, tenants);
    }
    tenants.add(tenant);
  }
}
