import type { Outcome } from '../cache/outcome.js';
import { DEBUG_FIELD } from '../http/cache-status.js';
import { hasField } from '../http/headers.js';
import type { Exchange } from './exchange.js';
import { outcomeFields, type Telling } from './outcome-fields.js';

/** Fields of the origin that ours replace, on every response; lower-case. CloudFront has an `X-Cache` of its own. */
export const REPLACED: ReadonlySet<string> = new Set([
  'x-cache',
  'x-request-id',
  'x-tmdb-proxy',
  'x-tmdb-proxy-version',
]);

/**
 * Adds what this node says about the request itself. `theirs` is what caches before us said in `Cache-Status`, ending
 * in a comma and a space, or ''.
 */
export function pushOwnFields(
  headers: string[],
  exchange: Exchange,
  theirs: string,
  telling: Omit<Telling, 'withKey'> = {},
): void {
  const { settings, outcome, requestId } = exchange;
  if (outcome !== undefined) {
    const { cacheStatus, xCache } = outcomeFields(outcome, settings.serverId, {
      error: telling.error,
      ttlSeconds: telling.ttlSeconds,
      withKey: hasField(exchange.headers, DEBUG_FIELD),
    });
    headers.push('Cache-Status', theirs + cacheStatus, 'X-Cache', xCache);
    headers.push('Server-Timing', serverTiming(outcome, settings.clock.now() - exchange.startedAt));
  }
  headers.push('X-Request-Id', requestId);
}

/** Milliseconds until the head was ready. What was forwarded spent nearly all of them at the origin. */
function serverTiming(outcome: Outcome, ms: number): string {
  const total = Math.max(0, Math.round(ms));
  const cache = `cache;desc=${outcome.result}`;
  return outcome.served === 'origin' || outcome.forward !== undefined
    ? `${cache}, origin;dur=${total}, total;dur=${total}`
    : `${cache}, total;dur=${total}`;
}
