import type { Clock } from '../clock.js';
import { abortError, pauseFor } from './abort.js';
import { refusal, type SharedLine } from './shared-line.js';
import type { Priority } from './source.js';

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
  const deadline = clock.steady() + waitMs;
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
      if (clock.steady() + pause > deadline) throw refusal(answer, request);
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
