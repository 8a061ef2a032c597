import { createHash } from 'node:crypto';
import type { Flights } from '../cache/flight.js';
import { type PurgeRule, type PurgeScope, type PurgeTable, scopeId } from '../cache/purge-table.js';
import type { Clock } from '../clock.js';
import { within } from '../deadline.js';
import { ProxyError } from '../errors.js';
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
  /** A rule that was not known here, whoever raised it; for the metrics. */
  readonly onTaken?: (rule: PurgeRule) => void;
  /** A fault that nobody waits for. */
  readonly onError: (error: unknown) => void;
}

/** What a purge has come to. */
export interface PurgeReceipt {
  /** Its number. */
  readonly seq: number;
  /** Nodes that are known to obey it by now, this one included. */
  readonly nodesReached: number;
  /** This node obeys, the others will be told when Redis is back. */
  readonly pending: boolean;
}

/** Who gives purges their numbers: this machine alone (Purger) or Redis (Coherence). */
export interface Purges {
  /**
   * Purges the scopes, all under one number. When it resolves, no process of this node serves what they name (I-1) and
   * a restart remembers. Rejects when that could not be made durable; it holds until the next restart all the same.
   * `onNumbered` is called right before they apply here, if every purge with a lower number is known here by then.
   */
  purge(scopes: readonly PurgeScope[], soft: boolean, onNumbered?: () => void): Promise<PurgeReceipt>;
}

/**
 * Rules taken in between two turns of the event loop: after Redis was lost a node may learn of all there are, and clients wait
 * meanwhile (measured: 90 000 at once stood still for ten seconds).
 */
const CHUNK = 500;
/** Longest a follower may take; a process that hangs longer is stopped rather than trusted (I-1), ms. */
const FOLLOWER_DEADLINE_MS = 3000;
/** Longest a purge waits for the disk: one that stands still must not hold up who purges, or a client that writes, ms. */
const DISK_DEADLINE_MS = 3000;

/** The one authority for purges on this machine: makes them durable, tells every process, and numbers them when nobody else does. */
export class Purger implements Purges {
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
    const inForce = new Set(table.rules().map(({ scope, soft }) => durableName(scope, soft)));
    for (const { key } of kept) if (!inForce.has(key)) void durable.remove(key).catch(this.#parts.onError);
    for (const rule of table.rules())
      if (rule.scope.kind === 'all') void this.#keep(rule).catch(this.#parts.onError);
  }

  /** A purge of this machine alone. */
  async purge(scopes: readonly PurgeScope[], soft: boolean, onNumbered?: () => void): Promise<PurgeReceipt> {
    const { table, clock } = this.#parts;
    // At least the time of day: should the last rules not have reached the disk before a restart, entries stamped under
    // them still have a lower number than any later purge (I-4).
    const seq = Math.max(table.stamp() + 1, clock.now());
    onNumbered?.();
    await this.apply(scopes.map((scope): PurgeRule => ({ scope, soft, seq, at: clock.now() })));
    return { seq, nodesReached: 1, pending: false };
  }

  /**
   * Makes this node obey rules, whoever numbered them: in this process before it returns, in every follower and durably
   * when it resolves. Rejects when they could not be made durable.
   */
  async apply(rules: readonly PurgeRule[]): Promise<void> {
    const { table, flights, followers, onTaken } = this.#parts;
    const news = rules.filter((rule) => table.apply(rule));
    if (news.length === 0) return;
    if (onTaken !== undefined) for (const rule of news) onTaken(rule);
    // I-3. In the same turn as the puts below: the store commits in order, so no entry that is stamped under a rule outlives it.
    flights.detach(news);
    const told = followers();
    let refused: PromiseRejectedResult | undefined;
    for (let from = 0; from < news.length; from += CHUNK) {
      const chunk = news.slice(from, from + CHUNK);
      const obeyed = told.map((follower) => this.#tell(follower, chunk));
      const kept = await Promise.allSettled(chunk.map((rule) => this.#keep(rule)));
      await Promise.all(obeyed);
      refused ??= kept.find((result) => result.status === 'rejected');
    }
    if (news.some(({ soft }) => !soft)) this.#sweepSoon();
    if (refused !== undefined) throw refused.reason;
  }

  #keep(rule: PurgeRule): Promise<void> {
    const { scope, soft } = rule;
    const kept = this.#parts.table.ruleOf(scope, soft) ?? rule;
    const { durable, clock } = this.#parts;
    const put = durable.put(durableName(scope, soft), Buffer.from(JSON.stringify(kept)));
    return within(clock, DISK_DEADLINE_MS, put, () => {
      throw new ProxyError(
        'internal',
        'the disk does not take a purge in: it holds, but a restart forgets it',
      );
    });
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
    const applied = follower.apply(rules).then(
      () => 'done',
      () => 'failed',
    );
    const result = await within(this.#parts.clock, FOLLOWER_DEADLINE_MS, applied, () => 'late');
    if (result !== 'done') follower.evict(`it did not acknowledge a purge (${result})`);
  }
}

/**
 * Forgets durable soft purges, from before `at` (ms), of tags that `isMeant`: after a restart they do not hold. For where nothing that they
 * name is believed to be fresh any more.
 */
export async function forgetSoftPurges(
  durable: Pick<DurableArea, 'entries' | 'remove'>,
  at: number,
  isMeant: (tag: string) => boolean,
): Promise<void> {
  const removals: Promise<void>[] = [];
  for (const [key, value] of durable.entries()) {
    const rule = JSON.parse(value.toString()) as PurgeRule;
    if (rule.soft && rule.scope.kind === 'tag' && rule.at < at && isMeant(rule.scope.name))
      removals.push(durable.remove(key));
  }
  await Promise.all(removals);
}

/** Under what a purge lies in a durable area; names of scopes can be longer than a key may be. */
function durableName(scope: PurgeScope, soft: boolean): string {
  const digest = createHash('sha256').update(scopeId(scope)).digest('base64url');
  return `${soft ? 'soft' : 'hard'}:${digest}`;
}
