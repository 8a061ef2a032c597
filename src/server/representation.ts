import type { Answer } from '../cache/answer.js';
import type { SitePolicy } from '../cache/site.js';
import { storedCoding } from '../cache/verdict.js';
import { forbidsTransform } from '../http/cache-control.js';
import { acceptsCoding } from '../http/content-coding.js';
import { hasField, type RawHeaders } from '../http/headers.js';
import type { EntryHead } from '../tiers/entry.js';

/**
 * The form in which an entry goes to one client. `asStored`: identity, or a coding that is not ours to undo; `gzip`:
 * stored gzip as it is; `decoded`: stored gzip undone.
 */
export type Form = 'asStored' | 'gzip' | 'decoded';

/** What of a head tells its coding. */
type Coded = Pick<EntryHead, 'coding' | 'recoded' | 'headers'>;

/**
 * The coding of an answer that is not stored. A fill asked for it in a coding of ours, whatever its client takes; what is passed
 * through was asked for with the client's own Accept-Encoding and is nothing of ours to undo.
 */
export function codedRaw({ head, outcome }: Extract<Answer, { kind: 'raw' }>, site: SitePolicy): Coded {
  const { status, headers } = head;
  const coding = outcome.pass === undefined ? storedCoding(site, status, headers) : 'other';
  return { coding, recoded: false, headers };
}

/** Chooses by Accept-Encoding. A range is cut from the decoded bytes, the only ones every client can place. */
export function chooseForm(
  head: EntryHead,
  method: string,
  requestHeaders: RawHeaders,
  site: SitePolicy,
): Form {
  if (head.coding !== 'gzip') return 'asStored';
  const ranged = method === 'GET' && head.status === 200 && hasField(requestHeaders, 'range');
  return formFor(head, !ranged && acceptsCoding(requestHeaders, 'gzip'), site);
}

/** The same where it is known whether the client takes gzip. */
export function formFor(head: Coded, takesGzip: boolean, site: SitePolicy): Form {
  if (head.coding !== 'gzip') return 'asStored';
  return takesGzip || !mayDecode(head, site) ? 'gzip' : 'decoded';
}

/** Whether the same entry goes out in either coding, so that `Vary: Accept-Encoding` must be said. */
export function variesByCoding(head: Coded, site: SitePolicy): boolean {
  return head.coding === 'gzip' && mayDecode(head, site);
}

/** RFC 9110 section 7.7: what says no-transform is sent in the coding it came in; what we coded ourselves we may undo. */
function mayDecode(head: Coded, site: SitePolicy): boolean {
  return head.recoded || (site.transforms && !forbidsTransform(head.headers));
}

/** Whether this delivery's coding differs from the origin's: a strong ETag named other bytes then. */
export function differsFromOrigin(head: EntryHead, form: Form): boolean {
  return form === 'gzip' ? head.recoded : form === 'decoded' && !head.recoded;
}
