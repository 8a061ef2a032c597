import type { Clock } from '../clock.js';
import type { Endpoint } from '../config/config.js';
import type { PeerMessage } from './peer-message.js';

/** One purge on its way, the same for all peers. */
export interface PeerItem {
  /** Given at the purge; later is larger, also across restarts. */
  readonly seq: number;
  /** By this a peer knows a repeated delivery. */
  readonly id: string;
  readonly message: PeerMessage;
  /** The message as JSON: what is compared and counted. */
  readonly text: string;
}

/** How one try ended. `refused`: the peer answered, and trying again soon would be answered the same. */
export type Delivery =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** One try; the signal ends it. Never rejects. */
export type Deliver = (peer: Endpoint, item: PeerItem, signal: AbortSignal) => Promise<Delivery>;

export type PeerEvent =
  /** The first failure in a row, and the first refusal: not one line per try. */
  | { readonly type: 'failing'; readonly peer: string; readonly reason: string; readonly queued: number }
  | { readonly type: 'refused'; readonly peer: string; readonly reason: string; readonly queued: number }
  | { readonly type: 'caught-up'; readonly peer: string }
  /** More waited than is kept: they became one purge of everything. */
  | { readonly type: 'folded'; readonly peer: string; readonly items: number }
  /** The queue on disk could not be read or written; what it was to hold is kept in memory until then. */
  | { readonly type: 'not-durable'; readonly error: unknown };

export interface PeerStatus {
  readonly peer: string;
  readonly queued: number;
  readonly lastError: string | null;
  /** ms since epoch. */
  readonly lastErrorAt: number | null;
  readonly lastSuccessAt: number | null;
}

export interface PeerLineParts {
  readonly peer: Endpoint;
  readonly clock: Clock;
  readonly deliver: Deliver;
  /** The peer has it, and it may be forgotten for this peer. */
  readonly onDelivered: (item: PeerItem) => void;
  readonly onEvent: (event: PeerEvent) => void;
}

/** Longest a peer may take for one call, ms. */
const TRY_DEADLINE_MS = 5000;
const FIRST_PAUSE_MS = 1000;
/** A peer that is back has heard of every purge within this, ms. */
const LONGEST_PAUSE_MS = 30_000;
/** A wrong key does not become right by itself, and every wrong one brings the peer's brake nearer, ms. */
const REFUSED_PAUSE_MS = 5 * 60_000;

/** What one peer is still to be told: in order, one call at a time, until it has answered. */
export class PeerLine {
  readonly #parts: PeerLineParts;
  #items: PeerItem[] = [];
  #sending = false;
  /** The oldest item, once a call was begun for it: the peer may have acted on it although we have no answer. */
  #begun: PeerItem | undefined;
  #failures = 0;
  #refused = false;
  #stopTimer: (() => void) | undefined;
  readonly #closing = new AbortController();
  #lastError: { readonly reason: string; readonly at: number } | undefined;
  #lastSuccessAt: number | undefined;

  constructor(parts: PeerLineParts) {
    this.#parts = parts;
  }

  get peer(): string {
    return this.#parts.peer.origin;
  }

  /** Everything not yet acknowledged, oldest first. */
  get items(): readonly PeerItem[] {
    return this.#items;
  }

  /** What no call has been begun for: whatever these say will be said to the peer later than now. */
  get unsent(): readonly PeerItem[] {
    return this.#items.filter((item) => item !== this.#begun);
  }

  /** Takes up what an earlier run left, of which it may have sent the first. */
  resume(items: readonly PeerItem[]): void {
    this.#items = [...items];
    this.#begun = items[0];
    this.#next();
  }

  add(item: PeerItem): void {
    this.#items.push(item);
    this.#next();
  }

  /** Puts `item` in the place of everything unsent. */
  replaceUnsent(item: PeerItem): void {
    this.#items = [...this.#items.filter((known) => known === this.#begun), item];
    this.#next();
  }

  status(): PeerStatus {
    return {
      peer: this.peer,
      queued: this.#items.length,
      lastError: this.#lastError?.reason ?? null,
      lastErrorAt: this.#lastError?.at ?? null,
      lastSuccessAt: this.#lastSuccessAt ?? null,
    };
  }

  /** Ends the try under way; what waits stays in the durable queue. */
  close(): void {
    this.#stopTimer?.();
    this.#closing.abort();
  }

  #next(): void {
    const item = this.#items[0];
    if (item === undefined || this.#sending || this.#stopTimer !== undefined) return;
    if (this.#closing.signal.aborted) return;
    this.#sending = true;
    this.#begun = item;
    void this.#try(item).then((delivery) => this.#tried(item, delivery));
  }

  async #try(item: PeerItem): Promise<Delivery> {
    const { clock, deliver, peer } = this.#parts;
    const late = new AbortController();
    const stop = clock.after(TRY_DEADLINE_MS, () => late.abort());
    try {
      const result = await deliver(peer, item, AbortSignal.any([late.signal, this.#closing.signal]));
      return late.signal.aborted && result.kind === 'failed'
        ? { kind: 'failed', reason: `no answer within ${TRY_DEADLINE_MS} ms` }
        : result;
    } finally {
      stop();
    }
  }

  #tried(item: PeerItem, delivery: Delivery): void {
    this.#sending = false;
    if (this.#closing.signal.aborted && delivery.kind !== 'done') return;
    if (delivery.kind === 'done') this.#succeeded(item);
    else this.#failed(delivery);
    this.#next();
  }

  #succeeded(item: PeerItem): void {
    const { clock, onDelivered, onEvent } = this.#parts;
    this.#items = this.#items.filter((known) => known !== item);
    this.#lastSuccessAt = clock.now();
    const troubled = this.#failures > 0;
    this.#failures = 0;
    this.#refused = false;
    onDelivered(item);
    if (troubled) onEvent({ type: 'caught-up', peer: this.peer });
  }

  #failed({ kind, reason }: Exclude<Delivery, { kind: 'done' }>): void {
    const { clock, onEvent } = this.#parts;
    this.#lastError = { reason, at: clock.now() };
    const event = { peer: this.peer, reason, queued: this.#items.length };
    if (kind === 'refused' && !this.#refused) onEvent({ type: 'refused', ...event });
    if (kind === 'failed' && this.#failures === 0) onEvent({ type: 'failing', ...event });
    if (kind === 'refused') this.#refused = true;
    const pause =
      kind === 'refused'
        ? REFUSED_PAUSE_MS
        : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#failures, 10));
    this.#failures++;
    // Between half and all of it: nodes that lost a peer together do not come back to it together.
    this.#stopTimer = clock.after(pause * (0.5 + 0.5 * clock.random()), () => {
      this.#stopTimer = undefined;
      this.#next();
    });
  }
}
