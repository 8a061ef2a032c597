import { randomUUID } from 'node:crypto';
import { isShared, localNumber, type PurgeRule, type PurgeTable } from '../cache/purge-table.js';
import type { Clock } from '../clock.js';
import type { History, LogReading, LogRule, PurgeLog, Raised } from '../redis/purge-log.js';
import { RedisTrouble } from '../redis/trouble.js';
import { ruleOf, toMember } from './purge-members.js';
import { compare } from './reconcile.js';

/*
 * Purges across nodes (docs/adr/0004). Why no entry from before a purge is served after it:
 *
 * Within one history (era and run of the log) each number is given once, upwards, and a node's clock reaches a number only after
 * its purge. So an entry stamped s was begun after every purge numbered ≤ s, and a rule r > s is all that has to be compared.
 * A node may therefore learn rules late and in any order: late costs the bound (poll), order costs nothing.
 *
 * That breaks in three ways, and each is mended by a number above everything, which costs misses:
 * 1. The log lost its last numbers (failover). The next number leaps over any that can be missing; whoever knows a rule
 *    the log lacks raises it anew (`merge`); a rule we lack although our clock is past it is raised anew (`renew`).
 * 2. The log is lost altogether. Whoever was in sync a moment ago founds it from its own rules; others then push what they
 *    have more. Whoever can't know what was purged adds a purge of everything.
 * 3. Redis gives no number. The purge lies between two shared numbers (`localNumber`), so it never outranks a later
 *    shared one; that it has no number to compare others' entries with is in the number itself, hence in every worker
 *    and on the disk. It is raised anew before this node counts as in sync again.
 */

/** Who was in sync so short a time ago is taken to know all purges when the log is lost, ms. */
const CONTINUITY_MS = 300_000;

/** Founders begin anywhere in so wide a range of numbers. */
const FOUNDING_SPREAD = 10_000_000;

export interface CatchUpParts {
  readonly log: PurgeLog;
  readonly table: PurgeTable;
  /** Makes this node obey (Purger#apply). */
  readonly apply: (rules: readonly PurgeRule[]) => Promise<void>;
  readonly clock: Clock;
  /** A fault that nobody waits for. */
  readonly onError: (error: unknown) => void;
}

interface Position extends History {
  readonly clock: number;
}

/** Brings the purge table of this node and the log together, and knows up to where they are. */
export class CatchUp {
  readonly #parts: CatchUpParts;
  /** Up to where we know every rule of the log; undefined when we must read all. */
  #seen: Position | undefined;
  /** The highest number we have heard of, in whatever history. */
  #highest = 0;
  #lastSync: number | undefined;
  #reads = 0;
  #reconciles = 0;
  #learnt = 0;

  constructor(parts: CatchUpParts) {
    this.#parts = parts;
  }

  /** When it last succeeded, ms since epoch. */
  get lastSync(): number | undefined {
    return this.#lastSync;
  }

  get counts(): { readonly rereads: number; readonly reconciles: number; readonly applied: number } {
    return { rereads: this.#reads, reconciles: this.#reconciles, applied: this.#learnt };
  }

  /** Below this no number may be given any more. */
  get floor(): number {
    return Math.max(Math.floor(this.#parts.table.stamp()), this.#highest);
  }

  /** Whether we know every rule up to this number of this history. */
  knows(history: History, seq: number): boolean {
    return this.#seen !== undefined && sameData(this.#seen, history) && seq <= this.#seen.clock;
  }

  /** Moves our position on if we stood right before this number; the caller then applies its rules in the same turn. */
  follows({ seq, prev, era, run }: Raised): boolean {
    const seen = this.#seen;
    if (seen === undefined || !sameData(seen, { era, run }) || seen.clock !== prev) return false;
    this.#stand({ era, run, clock: seq });
    return true;
  }

  /** Resolves with the number up to which this node now obeys every purge. Rejects while Redis is away. Not for two at a time. */
  async run(): Promise<number> {
    this.#reads++;
    let reading = await this.#news();
    if (reading === undefined) reading = await this.#reconcile(await this.#all());
    else await this.#replay();
    await this.#take(reading);
    while (this.#parts.table.localSize > 0) await this.#replay();
    this.#lastSync = this.#parts.clock.steady();
    return reading.clock;
  }

  /** The table has them when this returns, the rest of the node when it resolves. Never rejects. */
  learn(rules: readonly LogRule[]): Promise<void> {
    this.#learnt += rules.length;
    const local = new Set(this.#parts.table.localRules().map(({ scope, soft }) => toMember(scope, soft)));
    if (local.size === 0) return this.#obey(rules);
    // Another node's purge of the same scope may be older than ours: ours stays local, and covers both.
    return this.#obey(
      rules.map(({ member, seq }) => ({ member, seq: local.has(member) ? localNumber(seq) : seq })),
    );
  }

  /** What could not be made durable here is in the log: a restart reads it from there again. */
  #obey(rules: readonly LogRule[]): Promise<void> {
    const at = this.#parts.clock.now();
    return this.#parts
      .apply(rules.map(({ member, seq }) => ruleOf(member, seq, at)))
      .catch((error: unknown) => this.#parts.onError(error));
  }

  /** What was added since our position; undefined when that means nothing in the log as it is now. */
  async #news(): Promise<LogReading | undefined> {
    const from = this.#seen;
    if (from === undefined) return undefined;
    const news = await this.#parts.log.read(from.clock);
    if (news !== 'lost' && sameData(from, news) && news.clock >= from.clock) return news;
    this.#seen = undefined;
    return undefined;
  }

  async #all(): Promise<LogReading> {
    const { log } = this.#parts;
    let all = await log.read(-1);
    if (all === 'lost') {
      await this.#found();
      all = await log.read(-1);
    }
    if (all === 'lost') throw purgeLogLost();
    return all;
  }

  async #found(): Promise<void> {
    const { log, table, clock } = this.#parts;
    const inSync = this.#lastSync !== undefined && clock.steady() - this.#lastSync <= CONTINUITY_MS;
    const rules = table
      .rules()
      .filter(({ seq }) => isShared(seq))
      .map(({ scope, soft, seq }) => ({ member: toMember(scope, soft), seq }));
    // Should an era have come and gone unseen by us, its numbers are not likely to be given once more.
    const floor = this.floor + Math.floor(clock.random() * FOUNDING_SPREAD);
    await log.found(randomUUID(), rules, floor, !inSync);
  }

  /** Gives fresh numbers to whatever the two sides don't share; answers what the log then says. */
  async #reconcile(reading: LogReading): Promise<LogReading> {
    const { log, table } = this.#parts;
    this.#reconciles++;
    const { push, renew } = compare(table.rules(), reading.rules, table.stamp());
    const { floor } = this;
    await this.#replay();
    // Also with nothing to push: a new server thereby leaps over numbers it may have lost.
    if ((await log.merge(push, floor)) === 'lost') throw purgeLogLost();
    if (renew.length > 0 && (await log.raise(renew, floor)) === 'lost') throw purgeLogLost();
    const all = await log.read(-1);
    if (all === 'lost' || !sameData(all, reading)) throw purgeLogLost();
    return all;
  }

  /** Purges made while Redis was away get their numbers before anything else is believed. */
  async #replay(): Promise<void> {
    const { log, table } = this.#parts;
    const rules = table.localRules();
    if (rules.length === 0) return;
    const raised = await log.raise(
      rules.map(({ scope, soft }) => toMember(scope, soft)),
      this.floor,
    );
    if (raised === 'lost') throw purgeLogLost();
    // A scope that was purged once more meanwhile waits for the next number: this one may be older.
    const now = new Set(table.localRules());
    const numbered = rules.filter((rule) => now.has(rule));
    await this.#obey(numbered.map(({ scope, soft }) => ({ member: toMember(scope, soft), seq: raised.seq })));
  }

  async #take({ rules, clock, era, run }: LogReading): Promise<void> {
    const learnt = this.learn(rules);
    // A message or a purge of our own may have taken us further meanwhile.
    this.#stand({ era, run, clock: Math.max(clock, this.#seen?.clock ?? 0) });
    await learnt;
  }

  #stand(position: Position): void {
    this.#seen = position;
    this.#highest = Math.max(this.#highest, position.clock);
  }
}

function sameData(a: History, b: History): boolean {
  return a.era === b.era && a.run === b.run;
}

export function purgeLogLost(): RedisTrouble {
  return new RedisTrouble('error', 'redis purges: the shared purge clock is gone and is founded anew');
}
