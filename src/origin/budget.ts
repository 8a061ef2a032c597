import type { Clock } from '../clock.js';
import { ProxyError } from '../errors.js';
import { abortError, onAbort } from './abort.js';
import { TokenBucket } from './bucket.js';
import type { OriginEvent } from './events.js';
import type { QueueBounds } from './options.js';
import type { Permits } from './permits.js';
import type { Priority } from './source.js';
import type { BudgetStatus } from './status.js';
import { classesByTurn, PRIORITIES } from './turns.js';
import { inLane, type Lane, type Waiter, Waiting } from './waiting.js';

export interface BudgetOptions {
  readonly upstream: string;
  /** null = no rate limit. */
  readonly bucket: TokenBucket | null;
  readonly clock: Clock;
  readonly bounds?: QueueBounds | undefined;
  readonly onEvent: (event: OriginEvent) => void;
}

/**
 * The one gate to an upstream group (I-15): a request passes when no 429 holds the group back, a token is at hand and
 * its server has a connection to spare, all three taken at the same instant. Taking the token first and then waiting
 * for a connection would let saved-up tokens out as a burst; the other way round, background work that waits for
 * tokens would sit on connections that people need.
 */
export class Budget {
  private readonly waiting = new Waiting();
  private readonly clock: Clock;
  private bucket: TokenBucket | null;
  private readonly length: number;
  /** Longest wait of one request, ms. */
  readonly waitMs: number;
  /** A hold longer than this is answered at once instead of waited for, ms. */
  readonly holdMs: number;
  /** Of the steady clock, ms, as all times of this file. */
  private heldUntil = 0;
  private turn = 0;
  private cancelTimer: (() => void) | undefined;
  private closed = false;

  constructor(private readonly options: BudgetOptions) {
    this.clock = options.clock;
    this.bucket = options.bucket;
    this.length = options.bounds?.length ?? 1000;
    this.waitMs = options.bounds?.waitMs ?? 10_000;
    this.holdMs = options.bounds?.holdMs ?? 3_000;
  }

  addLane(permits: Permits): Lane {
    return this.waiting.addLane(permits);
  }

  /** Another rate from now on, null = none; and, where permits have changed, whoever may pass now does. */
  retune(limit: { readonly rate: number; readonly burst: number } | null): void {
    const now = this.clock.steady();
    if (limit === null) this.bucket = null;
    else if (this.bucket === null) this.bucket = new TokenBucket(limit.rate, limit.burst, now);
    else this.bucket.retune(limit.rate, limit.burst, now);
    this.pump();
  }

  /**
   * Resolves when the request may be sent, with the function that gives its connection back (call it once). `urged`: from when it
   * fires on, the request waits among users.
   */
  admit(lane: Lane, asked: Priority, signal: AbortSignal, urged?: AbortSignal): Promise<() => void> {
    const now = this.clock.steady();
    const priority = urged?.aborted ? 'user' : asked;
    if (signal.aborted) return Promise.reject(abortError(signal));
    const refusal = this.refusal(priority, now);
    if (refusal) {
      this.report(priority, 0, refusal.code);
      return Promise.reject(refusal);
    }
    if (this.waiting.size === 0 && this.passes(lane, priority, now)) {
      this.take(lane, now);
      this.report(priority, 0, 'admitted');
      return Promise.resolve(this.releaser(lane));
    }
    const admitted = this.enqueue(lane, priority, { signal, urged }, now);
    this.pump();
    return admitted;
  }

  /** Nobody of this group is sent for `ms`. Those who would wait too long are told at once. */
  hold(ms: number): void {
    const now = this.clock.steady();
    const until = now + ms;
    if (until <= this.heldUntil || until <= now) return;
    this.heldUntil = until;
    this.bucket?.restrain(until);
    for (const waiter of this.waiting.all()) {
      if (until - now > this.holdMs || waiter.deadline < until) waiter.refuse(rateLimited(until - now));
    }
    this.pump();
  }

  /** How long a 429 holds the group back from now on, ms; 0 when none does. */
  get heldMs(): number {
    return Math.max(0, this.heldUntil - this.clock.steady());
  }

  /** Sends everybody who waits for this server away with `error`; callers go on to another server. */
  evict(lane: Lane, error: ProxyError): void {
    for (const waiter of inLane(lane)) waiter.refuse(error);
  }

  queuedFor(lane: Lane): number {
    return inLane(lane).length;
  }

  status(): BudgetStatus {
    const now = this.clock.steady();
    return {
      tokens: this.bucket === null ? null : Math.round(this.bucket.available(now) * 100) / 100,
      rate: this.bucket?.rate ?? null,
      burst: this.bucket?.burst ?? null,
      queued: {
        user: this.waiting.of('user'),
        refresh: this.waiting.of('refresh'),
        background: this.waiting.of('background'),
      },
    };
  }

  close(): void {
    this.closed = true;
    this.cancelTimer?.();
    for (const waiter of this.waiting.all()) waiter.refuse(stopping());
  }

  /** Why this request is turned away without waiting, if it is. */
  private refusal(priority: Priority, now: number): ProxyError | undefined {
    if (this.closed) return stopping();
    const heldFor = this.heldUntil - now;
    if (heldFor > Math.min(this.holdMs, this.waitMs)) return rateLimited(heldFor);
    if (this.bucket !== null) {
      // It would wait in vain: refused now, it can be answered otherwise (a stale entry, another node).
      const ahead = PRIORITIES.slice(0, PRIORITIES.indexOf(priority) + 1);
      const tokens = ahead.reduce((sum, other) => sum + this.waiting.of(other), 1);
      if (this.bucket.waitMs(now, tokens) > this.waitMs) return this.exhausted();
    }
    if (this.waiting.size >= this.length && !this.displace(priority)) return this.exhausted();
    return undefined;
  }

  /** Makes room by turning away the newest waiter of the lowest class below `priority`. */
  private displace(priority: Priority): boolean {
    const last = this.waiting.lastBelow(priority);
    last?.refuse(this.exhausted());
    return last !== undefined;
  }

  private enqueue(
    lane: Lane,
    priority: Priority,
    { signal, urged }: { signal: AbortSignal; urged: AbortSignal | undefined },
    now: number,
  ): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        forget();
        forgetUrge?.();
        cancelDeadline();
        this.waiting.remove(waiter);
      };
      const waiter: Waiter = {
        lane,
        priority,
        ticket: this.waiting.ticket(),
        deadline: now + this.waitMs,
        admit: () => {
          leave();
          this.report(waiter.priority, this.clock.steady() - now, 'admitted');
          resolve(this.releaser(lane));
        },
        refuse: (error) => {
          leave();
          this.report(waiter.priority, this.clock.steady() - now, error.code);
          reject(error);
        },
      };
      const forget = onAbort(signal, () => waiter.refuse(abortError(signal)));
      const forgetUrge =
        urged &&
        onAbort(urged, () => {
          this.waiting.promote(waiter);
          this.pump();
        });
      const cancelDeadline = this.clock.after(this.waitMs, () => waiter.refuse(this.exhausted()));
      this.waiting.add(waiter);
    });
  }

  /** Lets through whoever may pass now and sets a timer for the next one. */
  private pump(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    while (this.waiting.size > 0) {
      const now = this.clock.steady();
      const waiter = this.next(now);
      if (waiter === undefined) {
        const wait = this.nextChange(now);
        if (wait > 0) this.cancelTimer = this.clock.after(wait, () => this.pump());
        return;
      }
      this.turn++;
      this.take(waiter.lane, now);
      waiter.admit();
    }
  }

  private next(now: number): Waiter | undefined {
    const classes = classesByTurn(this.turn);
    for (const priority of classes) {
      const itsTurn = priority === classes[0];
      const first = this.waiting.first(priority, (lane) => this.passes(lane, priority, now, itsTurn));
      if (first !== undefined) return first;
    }
    return undefined;
  }

  /** `itsTurn`: background work leaves a quarter of the burst to people, save when it is its turn. */
  private passes(lane: Lane, priority: Priority, now: number, itsTurn = false): boolean {
    if (this.heldUntil > now || !lane.permits.free(priority)) return false;
    return this.bucket === null || this.bucket.waitMs(now, this.tokensFor(priority, itsTurn)) === 0;
  }

  private tokensFor(priority: Priority, itsTurn: boolean): number {
    return priority === 'background' && !itsTurn ? 1 + Math.floor((this.bucket?.burst ?? 0) / 4) : 1;
  }

  /** Time until waiting may be over without a connection being given back, ms; 0 = only that can end it. */
  private nextChange(now: number): number {
    if (this.heldUntil > now) return this.heldUntil - now;
    if (this.bucket === null) return 0;
    const one = this.bucket.waitMs(now);
    if (one > 0) return one;
    return this.bucket.waitMs(now, this.tokensFor('background', false));
  }

  private take(lane: Lane, now: number): void {
    this.bucket?.take(now);
    lane.permits.take();
  }

  private releaser(lane: Lane): () => void {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      lane.permits.release();
      this.pump();
    };
  }

  private exhausted(): ProxyError {
    const seconds = this.bucket === null ? 2 : Math.ceil(this.waiting.size / this.bucket.rate);
    const retryAfter = Math.min(60, Math.max(1, seconds));
    const message = `${this.waiting.size} requests wait for ${this.options.upstream}`;
    return new ProxyError('budget_exhausted', message, { retryAfter });
  }

  private report(priority: Priority, ms: number, outcome: 'admitted' | ProxyError['code']): void {
    this.options.onEvent({ type: 'queue', upstream: this.options.upstream, priority, ms, outcome });
  }
}

function rateLimited(ms: number): ProxyError {
  const retryAfter = Math.max(1, Math.ceil(ms / 1000));
  return new ProxyError('origin_rate_limited', 'the origin has asked everybody to wait', { retryAfter });
}

function stopping(): ProxyError {
  return new ProxyError('shutting_down', 'this node is stopping');
}
