import { acceptsCoding, contentCodings } from '../http/content-coding.js';
import type { RawHeaders } from '../http/headers.js';
import { type EntryHead, freshUntil } from '../tiers/entry.js';
import { askerOf } from './asker.js';
import type { Landing } from './flight.js';
import type { Want } from './landed.js';
import { holds } from './part.js';
import { isReusable } from './reusable.js';
import type { SharedRoute, SitePolicy } from './site.js';
import { variantKey } from './variant.js';

/** Who a landing is looked at for: a request that was there before it, one that came after it, or a refresh that answers nobody. */
export type Comer = 'waited' | 'later' | 'nobody';

/** `outdated`: it would have been the answer some time ago. */
export type Suits = 'yes' | 'no' | 'outdated';

/** Whether what a flight brings is an answer to a request that has joined it. `now`: ms since epoch. */
export function suits(
  landing: Landing,
  want: Want,
  comer: Comer,
  ttlPolicy: SitePolicy['ttlPolicy'],
  now: number,
): Suits {
  const { route, forward } = want;
  switch (landing.kind) {
    case 'released': {
      // What its asker brought along says nothing of what others are answered: they ask together.
      const { asker } = landing.own;
      return asker !== undefined && asker !== askerOf(route, ttlPolicy) ? 'outdated' : 'no';
    }
    case 'error-body':
      return landing.broadcast.joinable && takes(route, landing.head.headers, ttlPolicy) ? 'yes' : 'no';
    case 'current': {
      const { entry, collapsed } = landing;
      if (!sameVariant(entry, route) || !holds(entry, route)) return 'no';
      return ttlPolicy === 'content-type' || mayCollapse(entry, route, comer, collapsed, now) ? 'yes' : 'no';
    }
    case 'body': {
      const { head, broadcast, collapsed } = landing;
      if (!broadcast.joinable || !sameVariant(head, route)) return 'no';
      if (ttlPolicy === 'origin') {
        if (mayCollapse(head, route, comer, collapsed, now)) return 'yes';
        return comer === 'later' ? 'outdated' : 'no';
      }
      // A request may share what a parent serves stale: else each would ask a parent whose origin is down (I-6). What was complete
      // before this request came must be fresh and wanted as it is (RFC 9111 section 4).
      return !broadcast.ended || (isFreshAtStore(head) && forward !== 'request') ? 'yes' : 'no';
    }
  }
}

/**
 * By the letter a collapsed request is answered by reuse, hence never with what was born stale; and with what had come before it,
 * or was asked for by another process, only as with anything that is stored (RFC 9111 section 4).
 */
function mayCollapse(
  head: EntryHead,
  route: SharedRoute,
  comer: Comer,
  collapsed: boolean | undefined,
  now: number,
): boolean {
  if (comer === 'nobody') return true;
  const joint = comer === 'waited' && collapsed !== true;
  return joint ? isFreshAtStore(head) : isReusable(head, route.headers, now);
}

/** Whether a response was fresh when it came. */
export function isFreshAtStore(head: EntryHead): boolean {
  return freshUntil(head) > head.storedAt;
}

/**
 * Whether a request takes the coding of an error that another one has brought. By the letter that one's own Accept-Encoding has
 * chosen it, said or not; else it is ours to undo.
 */
function takes(route: SharedRoute, theirs: RawHeaders, ttlPolicy: SitePolicy['ttlPolicy']): boolean {
  if (ttlPolicy === 'content-type') return true;
  return contentCodings(theirs).every((coding) => acceptsCoding(route.headers, coding));
}

function sameVariant(
  head: { key: string; primaryKey: string; vary: readonly string[] },
  route: SharedRoute,
): boolean {
  return head.vary.length === 0 || head.key === variantKey(route.key, head.vary, route.headers);
}
