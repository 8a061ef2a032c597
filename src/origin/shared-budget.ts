import type { Clock } from '../clock.js';
import { ProxyError } from '../errors.js';
import { abortError, pauseFor } from './abort.js';
import type { Priority } from './source.js';
import { PRIORITIES } from './turns.js';

/** What a request needs of the budget that all nodes share. */
export interface ShareRequest {
  /** Group: its rate. */
  readonly upstream: string;
  /** Server of the group: its connections. */
  readonly server: string;
  readonly priority: Priority;
}

export type ShareAnswer =
  /** `leave` gives the connection back; call it once the connection is free or gone. */
  | { readonly kind: 'entered'; readonly leave: () => void }
  /** Not before `ms`. `held`: a 429 told some node to wait; `busy`: the others use the budget up. */
  | { readonly kind: 'wait'; readonly why: 'held' | 'busy'; readonly ms: number };

/** How the group's budget is shared, as `/upstream` shows it. */
export interface SharedBudgetStatus {
  /** false: nobody can be asked, this node keeps to its equal share. */
  shared: boolean;
  /** Living nodes, this one included, last known. */
  nodes: number;
  /** Connections to this server in use by all nodes as last heard; by this node alone while nothing is shared. */
  in_use: number;
}

/**
 * The budget of all nodes together (I-15), asked after this node's own: `UPSTREAM_RATE` and `UPSTREAM_MAX_CONNECTIONS`
 * are for the cluster when there is one. Rate and connection are had together or not at all, so that nobody sits on
 * one of them while waiting for the other.
 */
export interface SharedBudget {
  /** One try. Never rejects, never takes longer than a deadline of its own: without the others it is an equal share. */
  attempt(request: ShareRequest): Promise<ShareAnswer>;
  /** Tells every node that this group answered 429: nobody enters for `ms`. */
  hold(upstream: string, ms: number): void;
  status(upstream: string, server: string): SharedBudgetStatus;
}

export interface EnterOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What is left of the time this request may wait, ms. */
  readonly waitMs: number;
  /** A hold longer than this is answered at once, ms. */
  readonly holdMs: number;
}

/** Extra pause before the next try, ms: from, and random on top. People try first, so they find what is free first. */
const JITTER_MS: Record<Priority, readonly [from: number, random: number]> = {
  user: [0, 20],
  refresh: [20, 30],
  background: [50, 100],
};

/**
 * Waits until the request may be sent; resolves with the function that gives its part back. Once somebody of this line
 * was told to wait, only the first few of it ask on: hundreds that all poll would keep Redis and this process busy with
 * refusing them (measured: 300 cold requests on three nodes of two cores stood still for seconds).
 */
export async function enterShared(
  shared: SharedBudget,
  line: SharedLine,
  request: ShareRequest,
  options: EnterOptions,
): Promise<() => void> {
  const { clock, signal, waitMs, holdMs } = options;
  const deadline = clock.now() + waitMs;
  let inLine = line.empty ? undefined : (await line.reachFront(request, { clock, signal, deadline })).leave;
  try {
    for (;;) {
      if (signal.aborted) throw abortError(signal);
      const answer = await shared.attempt(request);
      line.learn(answer.kind);
      if (answer.kind === 'entered') {
        if (!signal.aborted) return answer.leave;
        answer.leave();
        throw abortError(signal);
      }
      if (answer.why === 'held' && answer.ms > holdMs) throw refusal(answer, request);
      const [from, random] = JITTER_MS[request.priority];
      const pause = Math.max(1, answer.ms) + from + clock.random() * random;
      // It would wait in vain: told now, the asker can answer otherwise (a stale entry, another node).
      if (clock.now() + pause > deadline) throw refusal(answer, request);
      const front =
        inLine === undefined ? await line.reachFront(request, { clock, signal, deadline }) : undefined;
      inLine ??= front?.leave;
      // Whoever came to the front by waiting is there because there is room.
      if (front?.waited !== true) await pauseFor(clock, pause, signal);
    }
  } finally {
    inLine?.();
  }
}

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
  learn(answer: ShareAnswer['kind']): void {
    this.#width = answer === 'wait' ? 1 : Math.min(WIDEST, this.#width * 2);
    this.#call();
  }

  #call(): void {
    for (const place of this.#places.slice(0, this.#width)) place.atFront();
  }

  /** Resolves at the front of the line, with the function that leaves it; call it once. Rejects at the deadline (ms). */
  async reachFront(
    request: ShareRequest,
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
      Math.max(0, deadline - clock.now()),
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

function refusal({ why, ms }: { why: 'held' | 'busy'; ms: number }, { upstream }: ShareRequest): ProxyError {
  const retryAfter = Math.min(60, Math.max(1, Math.ceil(ms / 1000)));
  return why === 'held'
    ? new ProxyError('origin_rate_limited', 'the origin has asked everybody to wait', { retryAfter })
    : new ProxyError('budget_exhausted', `the nodes together use the budget of ${upstream} up`, {
        retryAfter,
      });
}
