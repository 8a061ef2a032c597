import type { CatalogueSize } from './catalogue.js';
import type { Limits } from './limits.js';

/** How a sample origin is made; everything has a default. */
export interface SampleOriginOptions {
  /** Address to listen on; default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** `now()` in milliseconds since 1970; default the system's. Delays of faults run in real time. */
  readonly clock?: { now(): number };
  /** Another seed, another catalogue; default `sample`. */
  readonly seed?: string;
  /** Number of movies (600), series (300) and persons (800). Records are made on demand: of 100 000, only the lists and searches take time (about a second, once). */
  readonly catalogue?: Partial<CatalogueSize>;
  /** Uneventful changes a day and kind in the change feeds, beside the edits; default 20. */
  readonly changesPerDay?: number;
  /** Order of the change feeds: `newest` first, or `shuffled` (in another order after each edit); default `newest`. */
  readonly changesOrder?: 'newest' | 'shuffled';
  /** Milliseconds after which an edit shows in the change feeds; default 0. */
  readonly changesDelay?: number;
  /** Milliseconds for which a body that was asked for before an edit is served after it, as TMDB's memory cache may do; default 0. */
  readonly memoryLag?: number;
  /** The only keys (v3 or Bearer) accepted at first; default: any but `bad` and `invalid`. */
  readonly strictKey?: readonly string[];
  /** Default: none. */
  readonly limits?: Limits;
  /** Whether If-None-Match on JSON is answered with 304; default true. */
  readonly conditional?: boolean;
  /** What `/3/configuration` says of images, without `/t/p/`; default TMDB's hosts. */
  readonly imageBase?: { readonly http: string; readonly https: string };
  /** Requests kept in the log; default 20 000. */
  readonly logSize?: number;
  /** Told of failures of the origin itself (they answer 500); default: printed to the error stream. */
  readonly onError?: (error: unknown) => void;
}
