import type { Outcome } from '../cache/outcome.js';
import { DEBUG_FIELD, printCacheStatus } from '../http/cache-status.js';
import { hasField, type RawHeaders } from '../http/headers.js';
import { outcomeFields, type Telling } from './outcome-fields.js';
import type { ServerSettings } from './settings.js';

/** Fields of the origin that ours replace, on every response; lower-case. CloudFront has an `X-Cache` of its own. */
export const REPLACED: ReadonlySet<string> = new Set([
  'x-cache',
  'x-request-id',
  'x-tmdb-proxy',
  'x-tmdb-proxy-version',
]);

/** What a response tells of its own request. An exchange is one. */
export interface Told {
  readonly settings: ServerSettings;
  /** The request's. */
  readonly headers: RawHeaders;
  readonly outcome: Outcome | undefined;
  readonly requestId: string;
  /** Clock when the request's head arrived, ms. */
  readonly startedAt: number;
  /** Clock at which all of it is told, ms; default: when it is asked. */
  readonly now?: number;
  /** Nothing is told from which another's request could be known. */
  readonly quiet?: boolean | undefined;
}

/**
 * Adds what this node says about the request itself. `theirs` is what caches before us said in `Cache-Status`, ending
 * in a comma and a space, or ''.
 */
export function pushOwnFields(
  headers: string[],
  told: Told,
  theirs: string,
  telling: Omit<Telling, 'withKey'> = {},
): void {
  const { settings, outcome, requestId } = told;
  if (told.quiet === true) {
    // RFC 9211 section 2: a member may say no more than that there is a cache.
    headers.push('Cache-Status', printCacheStatus({ cache: settings.serverId }));
  } else if (outcome !== undefined) {
    const { cacheStatus, xCache } = outcomeFields(outcome, settings.serverId, {
      error: telling.error,
      ttlSeconds: telling.ttlSeconds,
      withKey: hasField(told.headers, DEBUG_FIELD),
    });
    headers.push('Cache-Status', theirs + cacheStatus, 'X-Cache', xCache);
    headers.push('Server-Timing', serverTiming(outcome, (told.now ?? settings.clock.now()) - told.startedAt));
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
