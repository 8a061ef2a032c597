import type { ForwardReason } from '../http/cache-status.js';
import type { NotStorable } from '../http/storable.js';
import type { TierName } from '../tiers/tier.js';
import type { BodyFault, PassReason } from './site.js';

/** Where the bytes of an answer came from. `none`: nothing was served but an error. */
export type Served = TierName | 'origin' | 'none';

/** What happened, in one word: the `X-Cache` header and the main metric label. */
export const RESULTS = ['hit', 'stale', 'miss', 'bypass', 'error'] as const;
export type Result = (typeof RESULTS)[number];

/** Why a stale answer was given. */
export type StaleReason = 'while-revalidate' | 'origin-error' | 'soft-timeout' | 'not-before' | 'offline';

/** Why a response was not stored: RFC 9111 section 3, or one of our own bounds and checks. */
export type NoStoreReason =
  | NotStorable
  | 'status' // 401, 403, 429, 5xx and whatever else the class table has no lifetime for
  | 'unkeyed-field' // by the letter: the asker's Cookie, Origin or X-… may have shaped it, and its Vary does not tell
  | 'zero-lifetime' // the origin says it may not be reused even once
  | 'credential' // the address spells one of our own: keys are listed, and on disk
  | 'too-large'
  | 'coding-mismatch'
  | 'purged-meanwhile'
  | 'internal' // a fault of our own while the body was looked at
  | BodyFault;

/**
 * The one typed value that says what happened to a request. `Cache-Status`, `X-Cache`, the access log and the metrics
 * are printed from it and never composed apart (I-24).
 */
export interface Outcome {
  readonly result: Result;
  readonly served: Served;
  readonly class: string;
  /** Template of the route, see `SharedRoute`; undefined where the site has none. */
  readonly route?: string | undefined;
  /** Cache key, for the log; undefined where there is none. Holds no credential. */
  readonly key?: string | undefined;
  /** Set whenever the request went forward, also where a stale value then stood in. */
  readonly forward?: ForwardReason | undefined;
  /** Status the origin answered with. */
  readonly forwardStatus?: number | undefined;
  readonly stored?: boolean | undefined;
  readonly noStore?: NoStoreReason | undefined;
  /** This request shared another one's origin request. */
  readonly collapsed?: boolean | undefined;
  /** Seconds of freshness left when a stored answer was chosen; negative when stale. */
  readonly ttl?: number | undefined;
  readonly stale?: StaleReason | undefined;
  readonly pass?: PassReason | undefined;
}
