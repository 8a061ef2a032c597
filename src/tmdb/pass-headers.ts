import { DEBUG_FIELD } from '../http/cache-status.js';
import { type RawHeaders, withoutFields } from '../http/headers.js';
import { withoutHopByHop } from '../http/hop-by-hop.js';
import { withVia } from '../http/via.js';

/**
 * Of the client's end-to-end fields these stay here: Host names this proxy, `X-API-Key` is its management key, and an
 * expectation has been met by the listener before the request got this far.
 */
const KEPT_BACK: ReadonlySet<string> = new Set(['host', 'x-api-key', 'expect', DEBUG_FIELD]);
const KEPT_BACK_AND_AUTHORIZATION: ReadonlySet<string> = new Set([...KEPT_BACK, 'authorization']);

export interface PassHeaderOptions {
  readonly pseudonym: string;
  /** Replaces the client's Authorization; null removes it, undefined leaves it. */
  readonly authorization?: string | null | undefined;
}

/** Fields of a request that is passed through (CONTRACT.md, Settled details): the client's own, hop-by-hop ones removed. */
export function passHeaders(headers: RawHeaders, options: PassHeaderOptions): RawHeaders {
  const { authorization } = options;
  const kept = withoutFields(
    withoutHopByHop(headers),
    authorization === undefined ? KEPT_BACK : KEPT_BACK_AND_AUTHORIZATION,
  );
  if (typeof authorization === 'string') kept.push('Authorization', authorization);
  return withVia(kept, '1.1', options.pseudonym);
}
