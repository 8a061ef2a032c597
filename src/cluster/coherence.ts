import { localNumber, type PurgeScope } from '../cache/purge-table.js';
import type { Bell } from '../redis/bell.js';
import { Acks, type LagStats } from './acks.js';
import { type Acked, parseBusMessage, type Rung } from './bus-message.js';
import { CatchUp, type CatchUpParts, purgeLogLost } from './catch-up.js';
import { toMember } from './purge-members.js';
import type { PurgeReceipt, Purges } from './purger.js';

export type CoherenceState = 'synced' | 'away';

export interface CoherenceParts extends CatchUpParts {
  /** This node's id; messages of our own are told by it. */
  readonly node: string;
  readonly bell: Bell;
  /** How many other nodes live, as far as is known: a purge waits a moment for so many. */
  readonly others: () => number;
  readonly onChange: (state: CoherenceState, reason: unknown) => void;
}

export interface CoherenceStats {
  readonly state: CoherenceState;
  /** When the state began, ms since epoch of this machine. */
  readonly since: number;
  readonly lagMs: LagStats;
  /** Messages that did not follow the one before, and were made up for by reading. */
  readonly gaps: number;
  readonly rereads: number;
  readonly reconciles: number;
  /** Purges that other nodes have not been told of. */
  readonly pending: number;
  /** Since the last successful reading; undefined before the first. */
  readonly lastSyncAgeMs: number | undefined;
  readonly raised: number;
  /** Rules learnt from other nodes. */
  readonly applied: number;
}

/** Longest another node goes without reading: with pub/sub dead this bounds how late it learns of a purge (CONTRACT: 2 s), ms. */
const POLL_MS = 1000;
/** Longest a purge waits for other nodes to acknowledge; they obey within the bound all the same, ms. */
const ACK_WAIT_MS = 100;
/** Acknowledgements owed until a reading is through; more are not worth remembering. */
const MAX_OWED = 1000;

/** Keeps the purge table of this node and the log in Redis the same, and numbers this node's purges. */
export class Coherence implements Purges {
  readonly #parts: CoherenceParts;
  readonly #acks: Acks;
  readonly #owed = new Set<number>();
  readonly #catchUp: CatchUp;
  #gaps = 0;
  #raised = 0;
  #state: CoherenceState = 'away';
  #since: number;
  #passes: Promise<unknown> = Promise.resolve();
  #waiting: Promise<void> | undefined;
  #cancelPoll = () => {};
  #closed = false;

  constructor(parts: CoherenceParts) {
    this.#parts = parts;
    this.#acks = new Acks(parts.clock);
    this.#catchUp = new CatchUp(parts);
    this.#since = parts.clock.now();
  }

  /** Resolves after the first attempt, whether Redis was there or not; goes on by itself. */
  async start(): Promise<void> {
    this.#parts.bell.open({
      onMessage: (text) => this.#onMessage(text),
      onListening: () => this.#readSoon(),
    });
    await this.#poll();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelPoll();
    await this.#parts.bell.close();
  }

  /** Reads now. Rejects with RedisTrouble while Redis is away: what L2 holds must then not be trusted. */
  resync(): Promise<void> {
    return this.#pass();
  }

  async purge(scopes: readonly PurgeScope[], soft: boolean, onNumbered?: () => void): Promise<PurgeReceipt> {
    const { clock, apply, others } = this.#parts;
    const rungAt = clock.steady();
    const raised = await this.#raise(scopes.map((scope) => toMember(scope, soft)));
    if (raised === undefined) return this.#purgeAlone(scopes, soft);
    const { seq, gapless } = raised;
    if (gapless) onNumbered?.();
    const applied = apply(scopes.map((scope) => ({ scope, soft, seq, at: clock.now() })));
    const [reached] = await Promise.all([this.#acks.wait(seq, rungAt, others(), ACK_WAIT_MS), applied]);
    return { seq, nodesReached: 1 + reached, pending: false };
  }

  stats(): CoherenceStats {
    const { clock, table } = this.#parts;
    const { lastSync, counts } = this.#catchUp;
    return {
      state: this.#state,
      since: this.#since,
      lagMs: this.#acks.stats(),
      ...counts,
      gaps: this.#gaps,
      raised: this.#raised,
      pending: table.localSize,
      lastSyncAgeMs: lastSync === undefined ? undefined : clock.steady() - lastSync,
    };
  }

  /** Undefined when Redis gave no number; it may have taken the purge in all the same, which does no harm. */
  async #raise(
    members: readonly string[],
  ): Promise<{ readonly seq: number; readonly gapless: boolean } | undefined> {
    if (this.#state === 'away') return undefined;
    try {
      const raised = await this.#parts.log.raise(members, this.#catchUp.floor);
      if (raised === 'lost') throw purgeLogLost();
      this.#raised += members.length;
      const gapless = this.#catchUp.follows(raised);
      if (!gapless && !this.#catchUp.knows(raised, raised.seq)) this.#readSoon();
      return { seq: raised.seq, gapless };
    } catch (error) {
      this.#become('away', error);
      return undefined;
    }
  }

  async #purgeAlone(scopes: readonly PurgeScope[], soft: boolean): Promise<PurgeReceipt> {
    const { table, clock, apply } = this.#parts;
    const seq = localNumber(table.stamp());
    await apply(scopes.map((scope) => ({ scope, soft, seq, at: clock.now() })));
    return { seq, nodesReached: 1, pending: true };
  }

  #onMessage(text: string): void {
    const message = parseBusMessage(text);
    if (message === undefined) this.#gap();
    else if (message.node === this.#parts.node)
      return; // the answer to our own call says the same
    else if ('acks' in message) this.#onAck(message);
    else this.#onRung(message);
  }

  #onAck({ acks, node }: Acked): void {
    for (const seq of acks) this.#acks.heard(seq, node);
  }

  #onRung(message: Rung): void {
    const { seq, members } = message;
    if (this.#owed.size < MAX_OWED) this.#owed.add(seq);
    if (this.#catchUp.knows(message, seq)) void this.#acknowledge([seq]);
    else if (members !== undefined && this.#catchUp.follows(message)) {
      const learnt = this.#catchUp.learn(members.map((member) => ({ member, seq })));
      void learnt.then(() => this.#acknowledge([seq]));
    } else this.#gap();
  }

  /** Something was missed: the log knows what (I-16). */
  #gap(): void {
    this.#gaps++;
    this.#readSoon();
  }

  async #acknowledge(seqs: readonly number[]): Promise<void> {
    const acks = seqs.filter((seq) => this.#owed.delete(seq));
    if (acks.length === 0 || this.#closed) return;
    try {
      await this.#parts.bell.ring(JSON.stringify({ acks, node: this.#parts.node }));
    } catch (error) {
      this.#parts.onError(error); // the other node waits a moment longer
    }
  }

  async #poll(): Promise<void> {
    await this.#pass().catch(() => {}); // told by the change of state
    if (this.#closed) return;
    const pause = POLL_MS * (0.5 + 0.5 * this.#parts.clock.random());
    this.#cancelPoll = this.#parts.clock.after(pause, () => void this.#poll());
  }

  #readSoon(): void {
    if (!this.#closed) this.#pass().catch(() => {}); // told by the change of state
  }

  /** One at a time; each caller gets one that begins after the call, shared with whoever else waits. */
  #pass(): Promise<void> {
    this.#waiting ??= this.#passes.then(() => {
      this.#waiting = undefined;
      const pass = this.#bringTogether();
      this.#passes = pass.catch(() => {}); // for the next one's turn only; the caller has the reason
      return pass;
    });
    return this.#waiting;
  }

  async #bringTogether(): Promise<void> {
    try {
      const clock = await this.#catchUp.run();
      this.#become('synced', undefined);
      void this.#acknowledge([...this.#owed].filter((seq) => seq <= clock));
    } catch (error) {
      this.#become('away', error);
      throw error;
    }
  }

  #become(state: CoherenceState, reason: unknown): void {
    if (this.#state === state || this.#closed) return;
    this.#state = state;
    this.#since = this.#parts.clock.now();
    this.#parts.onChange(state, reason);
  }
}
