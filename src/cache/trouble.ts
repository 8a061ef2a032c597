import { isRedirect, isServerFailure } from '../http/status.js';
import type { Landing } from './flight.js';
import type { NoStoreReason } from './outcome.js';
import type { SitePolicy } from './site.js';

/** Faults of the origin that a body or a status betrays; the other reasons are its free choice. */
const TROUBLE: ReadonlySet<NoStoreReason> = new Set([
  'truncated',
  'error-envelope',
  'coding-mismatch',
  'not-an-image',
]);

/** Whether what was not stored, for `reason`, is a failure of the origin: a stale value may take its place. */
export function isTrouble(
  landing: Landing,
  reason: NoStoreReason,
  ttlPolicy: SitePolicy['ttlPolicy'],
): boolean {
  if (landing.kind === 'error-body') return true; // only an origin's own trouble is shared
  const status = landing.kind === 'released' ? landing.own.head.status : 0;
  // What its fields say of storing the error says nothing of the stale value (RFC 5861 section 4).
  if (isServerFailure(status)) return true;
  // What could be followed was: this one leads in a circle or to a host that is not the origin's.
  if (ttlPolicy === 'content-type' && isRedirect(status)) return true;
  return TROUBLE.has(reason);
}

/** The status that an error of the origin came with. */
export function statusOf(landing: Landing): number | undefined {
  if (landing.kind === 'error-body') return landing.head.status;
  return landing.kind === 'released' ? landing.own.head.status : undefined;
}
