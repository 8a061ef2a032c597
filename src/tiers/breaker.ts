import { CircuitState, ConsecutiveBreaker, CountBreaker } from 'cockatiel';
import type { Clock } from '../clock.js';
import { within } from '../deadline.js';

/** `closed`: in use. `half_open`: being probed, not in use. */
export type RemoteState = 'closed' | 'open' | 'half_open';

export interface RemoteBreakerParts {
  readonly clock: Clock;
  /** Proves that the tier can be read and written. Never a client's request. */
  readonly probe: () => Promise<void>;
  /** What must be known before the tier is trusted again (purges made meanwhile). Rejects: not yet. */
  readonly beforeReturn: () => Promise<void>;
  /** The tier went out of use or came back. */
  readonly onChange: () => void;
}

/** Failed calls in a row that take the tier out. Few: a tier that hangs costs a deadline each. */
const CALLS_IN_A_ROW = 3;
/** Or at least this share of the last calls: one dead master of three fails every third. */
const SHARE = { threshold: 0.3, size: 30, minimumNumberOfCalls: 10 };
/**
 * Failed pulses in a row that take it out, whatever calls say: a server that is full or read-only still answers reads,
 * and nothing new would ever be shared.
 */
const PULSES_IN_A_ROW = 2;
/** Pause between pulses while in use, and before a failed one is repeated, ms. */
const PULSE_MS = 1000;
const CONFIRM_MS = 200;
/** First rest and the longest, ms: a return is seen within about two seconds. */
const FIRST_REST_MS = 250;
const LONGEST_REST_MS = 2000;
/** In use for so long, ms, it rests shortly again; a tier that comes and goes does not. */
const STEADY_MS = 10_000;
/** Upper bounds in case a probe never ends, ms. Tiers have shorter ones of their own. */
const PROBE_DEADLINE_MS = 5000;
const RETURN_DEADLINE_MS = 30_000;

/**
 * Takes a remote tier out of use when it fails and brings it back. It starts out of use. Probes run by timer, so no
 * client waits for one; slow counts as failed only by the tier's own deadline.
 */
export class RemoteBreaker {
  readonly #parts: RemoteBreakerParts;
  #state: RemoteState = 'open';
  #since: number;
  /** The same of the last time it came into use, by the steady clock. */
  #inUseSince: number;
  #reason: string | undefined = 'not yet asked';
  #failures = 0;
  #rests = 0;
  #lastAnswered = true;
  /** Changes whenever the tier leaves use: what was called before says nothing about the tier after. */
  #period = 0;
  #windows = newWindows();
  #cancel = () => {};
  #stopped = false;

  constructor(parts: RemoteBreakerParts) {
    this.#parts = parts;
    this.#since = parts.clock.now();
    this.#inUseSince = parts.clock.steady();
  }

  get state(): RemoteState {
    return this.#state;
  }

  get inUse(): boolean {
    return this.#state === 'closed';
  }

  /** In use, and its last call was answered: what only helps need not be tried on one that is just failing. */
  get steady(): boolean {
    return this.inUse && this.#lastAnswered;
  }

  /** When it last came into use or went out of it, ms. */
  get since(): number {
    return this.#since;
  }

  /** Why it is not in use. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Calls that failed, ever. */
  get failures(): number {
    return this.#failures;
  }

  /** Probes at once. Resolves when that first probe has ended, one way or the other; never rejects. */
  start(): Promise<void> {
    return this.#tryToReturn();
  }

  /** Ends all probing; the tier is out of use from now on. */
  stop(): void {
    this.#stopped = true;
    this.#state = 'open';
    this.#reason = 'closed';
    this.#period++;
    this.#cancel();
  }

  /** Calls the tier and learns from the outcome. The call begins in this very tick. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    const period = this.#period;
    try {
      const result = await call();
      if (period === this.#period) this.#succeeded();
      return result;
    } catch (error) {
      this.#failures++;
      if (period === this.#period) this.#failed(error);
      throw error;
    }
  }

  #succeeded(): void {
    this.#lastAnswered = true;
    this.#windows.row.success();
    this.#windows.share.success(CircuitState.Closed);
  }

  #failed(error: unknown): void {
    this.#lastAnswered = false;
    const { row, share } = this.#windows;
    const inRow = row.failure();
    if (share.failure(CircuitState.Closed) || inRow) this.#open(error);
  }

  #open(error: unknown): void {
    const { clock, onChange } = this.#parts;
    if (clock.steady() - this.#inUseSince >= STEADY_MS) this.#rests = 0;
    this.#since = clock.now();
    this.#rest(error);
    onChange();
  }

  #rest(error: unknown): void {
    const { clock } = this.#parts;
    this.#state = 'open';
    this.#period++;
    this.#reason = error instanceof Error ? error.message : String(error);
    const longest = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** this.#rests++);
    // Jittered, so that nodes do not probe in step.
    this.#later(longest * (0.5 + clock.random() / 2), () => this.#tryToReturn());
  }

  async #tryToReturn(): Promise<void> {
    this.#state = 'half_open';
    const { clock, probe, beforeReturn } = this.#parts;
    try {
      await ended(clock, PROBE_DEADLINE_MS, 'probe', probe);
      if (this.#stopped) return;
      // One may have been lucky: a tier that is just too slow would come and go.
      await ended(clock, PROBE_DEADLINE_MS, 'probe', probe);
      await ended(clock, RETURN_DEADLINE_MS, 'reading purges again', beforeReturn);
    } catch (error) {
      if (!this.#stopped) this.#rest(error);
      return;
    }
    if (!this.#stopped) this.#close();
  }

  #close(): void {
    const { clock, onChange } = this.#parts;
    this.#state = 'closed';
    this.#reason = undefined;
    this.#since = clock.now();
    this.#inUseSince = clock.steady();
    this.#windows = newWindows();
    this.#lastAnswered = true;
    this.#pulseIn(PULSE_MS);
    onChange();
  }

  #pulseIn(ms: number): void {
    this.#later(ms * (0.75 + this.#parts.clock.random() / 2), () => this.#pulse());
  }

  /** Looks after a tier in use that nobody asks, and sees what reads alone do not. */
  async #pulse(): Promise<void> {
    const { clock, probe } = this.#parts;
    const period = this.#period;
    try {
      await ended(clock, PROBE_DEADLINE_MS, 'probe', probe);
    } catch (error) {
      if (period !== this.#period) return;
      if (this.#windows.pulses.failure()) this.#open(error);
      else this.#pulseIn(CONFIRM_MS);
      return;
    }
    if (period !== this.#period) return;
    this.#windows.pulses.success();
    this.#lastAnswered = true;
    this.#pulseIn(PULSE_MS);
  }

  #later(ms: number, task: () => Promise<void>): void {
    this.#cancel();
    this.#cancel = this.#parts.clock.after(ms, () => void task());
  }
}

/** The failing of calls and of pulses, apart: the many calls that succeed must not outvote the pulse. */
function newWindows() {
  return {
    row: new ConsecutiveBreaker(CALLS_IN_A_ROW),
    share: new CountBreaker(SHARE),
    pulses: new ConsecutiveBreaker(PULSES_IN_A_ROW),
  };
}

function ended(clock: Clock, ms: number, what: string, task: () => Promise<void>): Promise<void> {
  return within(clock, ms, task(), () => {
    throw new Error(`${what}: no end within ${ms} ms`);
  });
}
