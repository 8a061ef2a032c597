import { createHash } from 'node:crypto';
import type { Flights } from '../cache/flight.js';
import { type PurgeRule, type PurgeScope, type PurgeTable, scopeId } from '../cache/purge-table.js';
import type { Clock } from '../clock.js';
import type { DurableArea } from '../tiers/disk-types.js';
import type { EntryHead } from '../tiers/entry.js';

/** A process that serves from tiers of its own and must know of a purge before the purge has answered. */
export interface PurgeFollower {
  /** Resolves once no request of that process can be answered against these rules. */
  apply(rules: readonly PurgeRule[]): Promise<void>;
  /** It did not obey in time: it must not answer anyone any more. */
  evict(reason: string): void;
}

export interface PurgerParts {
  readonly table: PurgeTable;
  readonly flights: Flights;
  readonly durable: DurableArea;
  readonly followers: () => readonly PurgeFollower[];
  /** Removes dead entries in the background; space only, never correctness. */
  readonly sweep: (dead: (head: EntryHead) => boolean) => Promise<unknown>;
  readonly clock: Clock;
  /** A fault that nobody waits for. */
  readonly onError: (error: unknown) => void;
}

/** Longest a follower may take; a process that hangs longer is stopped rather than trusted (I-1), ms. */
const FOLLOWER_DEADLINE_MS = 3000;

/** The one authority for purges on this machine: numbers them, makes them durable, tells every process. */
export class Purger {
  readonly #parts: PurgerParts;
  #sweeping = false;
  #sweepWanted = false;

  constructor(parts: PurgerParts) {
    this.#parts = parts;
  }

  /** Reads what earlier runs have purged. Call before anything is served. */
  load(): void {
    const { table, durable } = this.#parts;
    const kept = [...durable.entries()].map(([key, value]) => ({
      key,
      rule: JSON.parse(value.toString()) as PurgeRule,
    }));
    for (const { rule } of kept.sort((a, b) => a.rule.seq - b.rule.seq)) table.apply(rule);
    // Rules that were folded into others since they were written need not be kept any longer.
    const inForce = new Set(table.rules().map(durableKey));
    for (const { key } of kept) if (!inForce.has(key)) void durable.remove(key).catch(this.#parts.onError);
    for (const rule of table.rules())
      if (rule.scope.kind === 'all') void this.#keep(rule).catch(this.#parts.onError);
  }

  /**
   * Purges the scopes, all under one number. When it resolves, no process of this node serves what they name (I-1) and
   * a restart remembers. Rejects when that could not be made durable; it holds until the next restart all the same.
   * Resolves with how many processes were told.
   */
  async purge(scopes: readonly PurgeScope[], soft: boolean): Promise<number> {
    const { table, flights, followers, clock } = this.#parts;
    // At least the time of day: should the last rules not have reached the disk before a restart, entries stamped under
    // them still have a lower number than any later purge (I-4).
    const seq = Math.max(table.stamp() + 1, clock.now());
    const rules = scopes.map((scope): PurgeRule => ({ scope, soft, seq, at: clock.now() }));
    for (const rule of rules) table.apply(rule);
    flights.detachBefore(seq);
    const told = followers();
    const obeyed = told.map((follower) => this.#tell(follower, rules));
    const kept = await Promise.allSettled(rules.map((rule) => this.#keep(rule)));
    await Promise.all(obeyed);
    if (!soft) this.#sweepSoon();
    for (const result of kept) if (result.status === 'rejected') throw result.reason;
    return told.length;
  }

  #keep(rule: PurgeRule): Promise<void> {
    return this.#parts.durable.put(durableKey(rule), Buffer.from(JSON.stringify(rule)));
  }

  /** One sweep at a time, and one more for all purges that came during it: a change feed sends hundreds. */
  #sweepSoon(): void {
    this.#sweepWanted = true;
    if (this.#sweeping) return;
    this.#sweeping = true;
    void this.#sweepWhileWanted().catch(this.#parts.onError);
  }

  async #sweepWhileWanted(): Promise<void> {
    try {
      while (this.#sweepWanted) {
        this.#sweepWanted = false;
        await this.#parts.sweep((head) => this.#parts.table.judge(head) === 'purged');
      }
    } finally {
      this.#sweeping = false;
    }
  }

  async #tell(follower: PurgeFollower, rules: readonly PurgeRule[]): Promise<void> {
    let stop = () => {};
    const late = new Promise<'late'>((resolve) => {
      stop = this.#parts.clock.after(FOLLOWER_DEADLINE_MS, () => resolve('late'));
    });
    const result = await Promise.race([
      follower.apply(rules).then(
        () => 'done',
        () => 'failed',
      ),
      late,
    ]);
    stop();
    if (result !== 'done') follower.evict(`it did not acknowledge a purge (${result})`);
  }
}

/** Names of scopes can be longer than a durable key may be. */
function durableKey(rule: PurgeRule): string {
  const digest = createHash('sha256').update(scopeId(rule.scope)).digest('base64url');
  return `${rule.soft ? 'soft' : 'hard'}:${digest}`;
}
