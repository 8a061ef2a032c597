import { hasField, type RawHeaders } from '../http/headers.js';
import { isServerFailure } from '../http/status.js';
import { fieldsNotStored } from '../http/storable.js';
import { responsePolicy } from '../http/targeted.js';
import type { BodySource } from '../origin/source.js';
import type { Fetched, ResponseHead } from './fetcher.js';
import type { NoStoreReason } from './outcome.js';
import type { SitePolicy } from './site.js';

/**
 * An error that is the origin's own state is everyone's; anything else may be for one asker only (I-8). By the letter the
 * asker's own fields went along, so an error is shared only if nothing in it or in them speaks against storing it.
 */
export function uncacheable(
  head: ResponseHead,
  body: BodySource,
  reason: NoStoreReason,
  ttlPolicy: SitePolicy['ttlPolicy'],
): Fetched {
  const share =
    ttlPolicy === 'content-type'
      ? isOriginTrouble(head.status)
      : HARMLESS.has(reason) && isServerFailure(head.status) && isForEveryone(head.headers);
  return { kind: 'uncacheable', head, body, reason, share };
}

const HARMLESS: ReadonlySet<NoStoreReason> = new Set([
  'not-cacheable',
  'zero-lifetime',
  'too-large',
  'status',
]);

/** No cookie, no field that is for one asker, and nothing that says by what else the error was chosen. */
function isForEveryone(headers: RawHeaders): boolean {
  if (hasField(headers, 'set-cookie') || hasField(headers, 'vary')) return false;
  return fieldsNotStored(responsePolicy(headers).directives).length === 0;
}

/** Statuses that speak of the origin, not of the request. */
function isOriginTrouble(status: number): boolean {
  return status >= 500 || status === 429;
}
