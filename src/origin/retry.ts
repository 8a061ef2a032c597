/** Statuses that another attempt may cure: the server, not the request, is at fault (RFC 9110 section 15.6). */
const WORTH_REPEATING: ReadonlySet<number> = new Set([502, 503, 504]);
/** A 429 with a shorter Retry-After than this is waited for and asked again once, ms. */
const SHORT_HOLD_MS = 2_000;
/** Attempts at one server before the next one is tried. */
const ATTEMPTS_PER_SERVER = 2;
const DELAY_MS = 50;

/** What came of the last attempt, as far as repeating it goes. */
export interface LastAttempt {
  /** Undefined when no head came. */
  readonly status: number | undefined;
  /** Whether any of the request may have reached the server. */
  readonly sent: boolean;
  /** Whether the request is still whole: no body, or one of which nothing was read. */
  readonly repeatable: boolean;
  /** Attempts at this server and all attempts of this request so far, this one included. */
  readonly atThisServer: number;
  readonly inAll: number;
  /** The 429's hold, ms; undefined for any other answer. */
  readonly heldMs: number | undefined;
  /** Whether a 429 has been waited for already. */
  readonly waitedBefore: boolean;
}

export type NextStep = 'stop' | 'same-server' | 'other-server' | 'after-hold';

/** Whether to try again and where, if there is another server. `retryable` as in OriginRequest. */
export function nextStep(last: LastAttempt, retryable: boolean, maxRetries: number): NextStep {
  if (last.inAll > maxRetries || !last.repeatable) return 'stop';
  if (last.status === undefined && !last.sent && !retryable) return 'other-server';
  if (!retryable) return 'stop';
  if (last.heldMs !== undefined) {
    return last.heldMs <= SHORT_HOLD_MS && !last.waitedBefore ? 'after-hold' : 'stop';
  }
  if (last.status !== undefined && !WORTH_REPEATING.has(last.status)) return 'stop';
  return last.atThisServer < ATTEMPTS_PER_SERVER ? 'same-server' : 'other-server';
}

/** Before asking the same server again, ms: jittered, so that requests that failed together do not return together. */
export function retryDelay(random: number): number {
  return DELAY_MS * (0.5 + random * 2);
}
