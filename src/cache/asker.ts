import { hasField } from '../http/headers.js';
import { shapesUntold } from '../http/untold.js';
import type { Fetched } from './fetcher.js';
import type { SharedRoute, SitePolicy } from './site.js';

export type Refused = Extract<Fetched, { kind: 'uncacheable' }>;

/**
 * What a request brings of its asker that the key does not cover: a credential, or by the letter fields that are somebody's own, which
 * are all one here. Undefined: it asks as anybody does.
 */
export function askerOf(
  { credential, headers }: Pick<SharedRoute, 'credential' | 'headers'>,
  ttlPolicy: SitePolicy['ttlPolicy'],
): string | undefined {
  if (ttlPolicy === 'content-type') return credential;
  return hasField(headers, 'authorization') || shapesUntold(headers, []) ? 'somebody' : undefined;
}

/** Whether what may not be stored says nothing of what others are answered: it was for its asker. */
export function isForAsker({ head }: Refused, ttlPolicy: SitePolicy['ttlPolicy']): boolean {
  return ttlPolicy === 'origin' || head.status === 401 || head.status === 403;
}
