import type { AttemptResult } from './attempt-handler.js';
import type { Verdict } from './breaker.js';

/** Faults that say nothing about the server: our own request, our own stop. */
const NOT_ITS_FAULT: ReadonlySet<string> = new Set(['bad_request', 'shutting_down']);

/**
 * A request that its clients gave up after so long a silence speaks against the server, ms: clients with a short deadline would
 * otherwise keep a dead server looking well for ever. Longer than any answer that TMDB is waited for in vain (its slowest take
 * 2 to 3 s), and no shorter than what connecting may take; who leaves sooner says something of itself alone.
 */
const SILENCE_MS = 5000;

/** A head that `/stats` counts as a success. */
export function isGood(result: AttemptResult): boolean {
  return result.kind === 'head' && result.response.status < 500 && result.response.status !== 429;
}

/**
 * Network errors, timeouts and 502 to 504 speak against a server. A 500 or 501 speaks of one request: a single path that
 * always fails must not close the way to all others. 4xx and 429 come from a server that is well.
 */
function byItself(result: AttemptResult): Verdict {
  if (result.kind === 'head') {
    const { status } = result.response;
    if (status === 502 || status === 503 || status === 504) return 'failure';
    return status >= 500 ? 'neutral' : 'success';
  }
  if (result.kind === 'given-up')
    return result.error.code === 'client_closed' && result.silentMs >= SILENCE_MS ? 'failure' : 'neutral';
  if (NOT_ITS_FAULT.has(result.error.code)) return 'neutral';
  return 'failure';
}

/** What an attempt says of its server. `lastWord`: see `ServerOptions`. */
export function verdictOn(result: AttemptResult, lastWord: boolean): Verdict {
  if (!lastWord) return byItself(result);
  if (result.kind === 'head') return 'success';
  // It took the request and hung up, talked nonsense or kept silent: it is there, and the next request may be another.
  if (result.kind === 'given-up' || result.sent) return 'neutral';
  return byItself(result);
}
