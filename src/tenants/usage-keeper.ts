import type { Clock } from '../clock.js';
import { dayOf } from './account.js';
import type { Ledger } from './ledger.js';
import type { TenantUsage } from './tenant.js';
import { UsageBook } from './usage.js';
import type { DayUsage, DurableUsage, UsageStore } from './usage-store.js';

/** A process that counts. */
export interface Counting {
  readonly id: string;
  tenantUsage(): Promise<readonly TenantUsage[]>;
}

export interface UsageKeeperParts {
  readonly clock: Clock;
  readonly members: () => readonly Counting[];
  readonly ledger: Pick<Ledger, 'used' | 'remember'>;
  readonly store: UsageStore;
  /** The same store, where this node is alone: quotas outlive a restart there, too. */
  readonly durable: DurableUsage | undefined;
  /** Writing failed; told once until it works again. */
  readonly onError: (error: unknown) => void;
}

/** Between two collections, ms; a process that is killed takes so much of usage with it. */
const COLLECT_MS = 5000;

/** Gathers what the processes of a node count, and keeps it where it outlives them. */
export class UsageKeeper {
  readonly #parts: UsageKeeperParts;
  readonly #book = new UsageBook();
  readonly #usedWritten = new Map<string, string>();
  /** Day on which old ones were last removed. */
  #pruned: number | undefined;
  #failing = false;
  #writing: Promise<void> = Promise.resolve();
  #cancel = () => {};
  #closed = false;

  constructor(parts: UsageKeeperParts) {
    this.#parts = parts;
  }

  /** Reads what an earlier run has kept on this machine, and begins to collect. */
  start(): void {
    const { durable, ledger } = this.#parts;
    const today = this.#today;
    if (durable !== undefined) {
      for (const { tenant, ...known } of durable.readUsed()) ledger.remember(tenant, known);
      for (const { day, rows } of durable.keptDays(today))
        for (const { tenant, ...sums } of rows) this.#book.remember(day, tenant, sums);
    }
    this.#forget();
    this.#next();
  }

  /** Since this run began. */
  total(): TenantUsage[] {
    return this.#book.total.all();
  }

  /** All nodes' usage by days, newest first, and whether it is all nodes'. Collects before. */
  async days(): Promise<{ readonly days: readonly DayUsage[]; readonly complete: boolean }> {
    await this.collect();
    try {
      return { days: await this.#parts.store.read(this.#today), complete: !this.#failing };
    } catch {
      const days = this.#book.days.sort((a, b) => b - a);
      return { days: days.map((day) => ({ day, rows: this.#book.day(day) })), complete: false };
    }
  }

  /** Asks every process and writes what has changed. Never rejects. */
  async collect(): Promise<void> {
    const members = this.#parts.members();
    const day = this.#today;
    await Promise.all(
      members.map(async (member) => {
        const usage = await member.tenantUsage().catch(() => undefined);
        if (usage !== undefined) this.#book.take(member.id, usage, day);
      }),
    );
    this.#book.keepOnly(new Set(members.map(({ id }) => id)));
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.collect();
  }

  get #today(): number {
    return dayOf(this.#parts.clock.now());
  }

  #next(): void {
    if (this.#closed) return;
    this.#cancel = this.#parts.clock.after(COLLECT_MS, () => void this.collect().then(() => this.#next()));
  }

  async #write(): Promise<void> {
    const { store } = this.#parts;
    // What a failed store has lost meanwhile is not known.
    if (this.#failing) this.#book.rewrite();
    let failure: unknown;
    for (const { day, rows } of this.#book.changed()) {
      await store.write(day, rows).catch((error: unknown) => {
        failure = error;
        this.#book.unwritten(day, rows);
      });
    }
    await this.#writeUsed().catch((error: unknown) => {
      failure = error;
    });
    if (failure !== undefined && !this.#failing) this.#parts.onError(failure);
    this.#failing = failure !== undefined;
    this.#forget();
  }

  async #writeUsed(): Promise<void> {
    const { durable, ledger } = this.#parts;
    if (durable === undefined) return;
    const changed = ledger
      .used()
      .filter((row) => this.#usedWritten.get(row.tenant) !== `${row.day} ${row.used}`);
    await durable.writeUsed(changed);
    for (const { tenant, day, used } of changed) this.#usedWritten.set(tenant, `${day} ${used}`);
  }

  /** In Redis older days are read from there; here they are kept as long as there. */
  #forget(): void {
    const { durable, onError } = this.#parts;
    const today = this.#today;
    this.#book.forgetBefore(today - (durable?.days ?? 2) + 1);
    if (durable === undefined || today === this.#pruned) return;
    this.#pruned = today;
    durable.prune(today).catch(onError);
  }
}
