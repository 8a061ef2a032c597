import { requestCacheControl } from '../http/cache-control.js';
import type { RawHeaders } from '../http/headers.js';
import { judgeReuse } from '../http/reuse.js';
import { ageAt, type EntryHead, freshUntil } from '../tiers/entry.js';

/**
 * Whether a response that was there before a request answers it as it is (RFC 9111 section 4): fresh at `now` (ms), and the
 * fields that go to the origin, `headers`, do not ask for more.
 */
export function isReusable(head: EntryHead, headers: RawHeaders, now: number): boolean {
  const ageMs = ageAt(head, now);
  const verdict = judgeReuse(
    {
      ageMs,
      lifetimeMs: ageMs + freshUntil(head) - now,
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: 0,
      noCache: false, // such a response has no lifetime (verdict.ts)
      forbidsStale: true,
    },
    requestCacheControl(headers),
  );
  return verdict.kind === 'fresh';
}
