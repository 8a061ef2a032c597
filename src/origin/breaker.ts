import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  CountBreaker,
  circuitBreaker,
  handleWhenResult,
  type IBackoff,
  type IBreaker,
} from 'cockatiel';
import type { Clock } from '../clock.js';
import type { BreakerState } from './status.js';

/** What an attempt says about its server. `neutral`: nothing (the asker left soon, the request was our own mistake). */
export type Verdict = 'success' | 'failure' | 'neutral';

/** Failures in a row that open the breaker. */
const CONSECUTIVE = 5;
/** Or more than this share of the last attempts. */
const SHARE = { threshold: 0.5, size: 20, minimumNumberOfCalls: 10 };
/** First rest of an opened breaker and the longest, ms; doubled each time the trial request fails. */
const FIRST_REST_MS = 2_000;
const LONGEST_REST_MS = 60_000;

/** Keeps requests away from a server that fails, and lets one through now and then to see whether it is back. */
export class Breaker {
  private policy: CircuitBreakerPolicy;
  private restUntil = 0;
  private failedTrials = 0;
  private heads!: Either;
  /** Counted apart: each follows a head that was a success, and would never be one of several failures in a row. */
  private bodies!: ConsecutiveBreaker;
  private periods = 0;

  constructor(
    private readonly clock: Clock,
    private readonly onChange: (state: BreakerState) => void,
  ) {
    this.policy = this.create();
  }

  get state(): BreakerState {
    if (this.policy.state === CircuitState.Closed) return 'closed';
    if (this.policy.state === CircuitState.HalfOpen) return 'half_open';
    return this.clock.steady() >= this.restUntil ? 'half_open' : 'open';
  }

  /** Counts its states: an attempt that began in an earlier one says nothing of this one. */
  get period(): number {
    return this.periods;
  }

  /** Whether `run` would go ahead. While the one trial request is out, nobody else passes. */
  get admits(): boolean {
    if (this.policy.state === CircuitState.Closed) return true;
    return this.policy.state === CircuitState.Open && this.clock.steady() >= this.restUntil;
  }

  /** Seconds until asking again can help; at least 1. */
  get retryAfter(): number {
    return Math.max(1, Math.ceil((this.restUntil - this.clock.steady()) / 1000));
  }

  /** Runs `attempt` and learns from its verdict. Only after `admits`, in the same tick. */
  async run<T extends { readonly verdict: Verdict }>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await this.policy.execute(async () => {
        const { period } = this;
        const outcome = await attempt();
        // cockatiel closes a half-open breaker on an unknown error and counts results either way: a trial that says
        // nothing must fail (and is repeated at once, see `rest`), any other attempt that says nothing must vanish.
        const isTrial = this.policy.state === CircuitState.HalfOpen;
        if (period !== this.period || (outcome.verdict === 'neutral' && !isTrial))
          throw new Unjudged(outcome);
        return outcome;
      });
    } catch (thrown) {
      if (thrown instanceof Unjudged) return thrown.outcome as T;
      throw thrown;
    }
  }

  /** A body has come whole of an attempt that began in `period`. */
  bodyWhole(period: number): void {
    if (period === this.period) this.bodies.success();
  }

  /** A body of such an attempt stood still for longer than it may. */
  bodyHung(period: number): void {
    if (period !== this.period || this.policy.state !== CircuitState.Closed) return;
    if (!this.bodies.failure()) return;
    // A policy of cockatiel opens on an attempt that fails, and on nothing else.
    this.heads.opensOnNext = true;
    void this.run(() => Promise.resolve({ verdict: 'failure' }));
  }

  /** Forgets everything: the server has been seen healthy. */
  reset(): void {
    const wasOpen = this.policy.state !== CircuitState.Closed;
    this.failedTrials = 0;
    this.periods++;
    this.policy = this.create();
    if (wasOpen) this.onChange('closed');
  }

  private create(): CircuitBreakerPolicy {
    this.heads = new Either();
    this.bodies = new ConsecutiveBreaker(CONSECUTIVE);
    const policy = circuitBreaker(
      handleWhenResult((result) => (result as { verdict: Verdict }).verdict !== 'success'),
      { breaker: this.heads, halfOpenAfter: { next: (context) => this.rest(context.result) } },
    );
    const tell = (state: BreakerState): void => {
      if (this.policy !== policy) return;
      this.periods++;
      if (state === 'closed') {
        this.failedTrials = 0;
        this.heads.opensOnNext = false;
        this.bodies = new ConsecutiveBreaker(CONSECUTIVE);
      }
      this.onChange(state);
    };
    policy.onBreak(() => tell('open'));
    policy.onHalfOpen(() => tell('half_open'));
    policy.onReset(() => tell('closed'));
    return policy;
  }

  /**
   * cockatiel reads Date.now(); a duration that is all or nothing puts the injected clock in its place. Rests are
   * jittered (half to one and a half) so that nodes do not come back in step.
   */
  private rest(reason: unknown): IBackoff<{ result: unknown }> {
    const verdict = (reason as { value?: { verdict?: Verdict } }).value?.verdict;
    const rest = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** this.failedTrials);
    const jittered = rest * (0.5 + this.clock.random());
    this.restUntil = this.clock.steady() + (verdict === 'neutral' ? 0 : jittered);
    if (verdict !== 'neutral') this.failedTrials++;
    const { clock } = this;
    const until = this.restUntil;
    return {
      get duration() {
        return clock.steady() >= until ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
      },
      next: (context) => this.rest(context.result),
    };
  }
}

/** An outcome on its way around the breaker's book-keeping. */
class Unjudged extends Error {
  constructor(readonly outcome: unknown) {
    super('unjudged');
  }
}

/** Opens on failures in a row, or on too many among the last: neither alone sees a server that fails every other time. */
class Either implements IBreaker {
  private readonly row = new ConsecutiveBreaker(CONSECUTIVE);
  private readonly share = new CountBreaker(SHARE);
  /** The next failure opens, whatever has been before. */
  opensOnNext = false;

  get state(): unknown {
    return { row: this.row.state, share: this.share.state };
  }

  set state(value: unknown) {
    const { row, share } = value as { row: number; share: unknown };
    this.row.state = row;
    this.share.state = share;
  }

  success(state: CircuitState): void {
    this.row.success();
    this.share.success(state);
  }

  failure(state: CircuitState): boolean {
    const row = this.row.failure();
    return this.share.failure(state) || row || this.opensOnNext;
  }
}
