import type { ClassTimes } from '../cache/site.js';
import type { ClassName } from './classes.js';
import type { Credential } from './credentials.js';
import type { ReferrerMap } from './referrers.js';

export type UpstreamName = 'api' | 'image';

export interface TmdbPolicyOptions {
  /** `tmdb` serves both hosts, the others one; the other's paths are then not found. */
  readonly kind: 'tmdb' | 'tmdb-api' | 'tmdb-image';
  readonly classes: Readonly<Record<ClassName, ClassTimes>>;
  readonly ttlPolicy: 'content-type' | 'origin';
  /** The proxy's own, in order of preference; empty when clients bring theirs. The first one is used. */
  readonly credentials: readonly Credential[];
  /** False (`CACHE_ENABLED`): every request is passed through. */
  readonly cacheEnabled: boolean;
  /** Sent on fills in place of the client's. */
  readonly userAgent: string;
  /** Names this node or group in Via, a token. */
  readonly viaPseudonym: string;
  /** Addresses (see `Bases`) beside TMDB's whose URLs a purge may name: the configured origins', our own. */
  readonly bases?: readonly string[] | undefined;
  /** Given in the core, which sees what titles name before clients ask for it. */
  readonly referrers?: ReferrerMap | undefined;
}
