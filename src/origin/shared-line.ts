import type { Clock } from '../clock.js';
import { ProxyError } from '../errors.js';
import { abortError, pauseFor } from './abort.js';
import type { Priority } from './source.js';
import { PRIORITIES } from './turns.js';

interface Place {
  readonly rank: number;
  atFront: () => void;
}

/** As many may ask at a time as have been let in without a refusal, doubled each time, up to so many. */
const WIDEST = 64;

/** Those of one server who were told to wait, people first. */
export class SharedLine {
  readonly #places: Place[] = [];
  /** How many at the front may ask. */
  #width = 1;

  get empty(): boolean {
    return this.#places.length === 0;
  }

  /** Narrows at a refusal, widens with every success: room is found quickly and nobody polls in a crowd. */
  learn(answer: 'entered' | 'wait'): void {
    this.#width = answer === 'wait' ? 1 : Math.min(WIDEST, this.#width * 2);
    this.#call();
  }

  #call(): void {
    for (const place of this.#places.slice(0, this.#width)) place.atFront();
  }

  /** Resolves at the front of the line, with the function that leaves it; call it once. Rejects at the deadline (ms). */
  async reachFront(
    request: { readonly upstream: string; readonly priority: Priority },
    { clock, signal, deadline }: { clock: Clock; signal: AbortSignal; deadline: number },
  ): Promise<{ readonly leave: () => void; readonly waited: boolean }> {
    const rank = PRIORITIES.indexOf(request.priority);
    const behind = this.#places.findIndex((place) => place.rank > rank);
    let arrive = () => {};
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const place: Place = { rank, atFront: arrive };
    this.#places.splice(behind < 0 ? this.#places.length : behind, 0, place);
    const leave = () => {
      this.#places.splice(this.#places.indexOf(place), 1);
      this.#call();
    };
    if (this.#places.indexOf(place) < this.#width) return { leave, waited: false };
    const given = new AbortController();
    const late = pauseFor(
      clock,
      Math.max(0, deadline - clock.steady()),
      AbortSignal.any([signal, given.signal]),
    ).then(() => {
      throw refusal({ why: 'busy', ms: 1000 }, request);
    });
    try {
      await Promise.race([arrived, late]);
      return { leave, waited: true };
    } catch (error) {
      leave();
      throw signal.aborted ? abortError(signal) : error;
    } finally {
      late.catch(() => {}); // decided already
      given.abort();
    }
  }
}

/** What the asker is told; `ms`: when asking again can help. */
export function refusal(
  { why, ms }: { readonly why: 'held' | 'busy'; readonly ms: number },
  { upstream }: { readonly upstream: string },
): ProxyError {
  const retryAfter = Math.min(60, Math.max(1, Math.ceil(ms / 1000)));
  return why === 'held'
    ? new ProxyError('origin_rate_limited', 'the origin has asked everybody to wait', { retryAfter })
    : new ProxyError('budget_exhausted', `the nodes together use the budget of ${upstream} up`, {
        retryAfter,
      });
}
