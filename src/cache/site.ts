import type { RawHeaders } from '../http/headers.js';
import type { Expected } from './purge-table.js';

/** What a client asked, before anything was decided. */
export interface ClientRequest {
  readonly method: string;
  /** Origin-form target exactly as received. */
  readonly target: string;
  readonly headers: RawHeaders;
}

/** Why a request is passed through with nothing stored and nothing coalesced. */
export type PassReason =
  | 'method' // not GET or HEAD
  | 'personal-path'
  | 'personal-parameter'
  | 'personal-credential'
  | 'side-effects'
  | 'disabled' // CACHE_ENABLED=false
  | 'unshareable'; // the request has a body or another trait no key covers

/** A GET or HEAD whose answer may be shared. The origin is asked exactly what the key covers (I-19). */
export interface SharedRoute {
  readonly kind: 'shared';
  readonly upstream: string;
  /** Its address with what names one thing left out (`/3/movie/{id}`), for metrics: one of a bounded set of the site's. */
  readonly template?: string | undefined;
  /** Readable, without credentials: `v1:<upstream>:<path>?<sorted query>`. */
  readonly key: string;
  readonly class: string;
  readonly tags: readonly string[];
  /** What goes on the wire, credentials included; never logged. */
  readonly target: string;
  /** Fields sent to the origin, credentials included; never the client's own unless the key or Vary covers them. */
  readonly headers: RawHeaders;
  /**
   * The one range of bytes that the client wants, if asking the origin for it alone is allowed: by the letter of RFC 9111,
   * and with no precondition in the way. Not in `headers`, which Vary is judged by.
   */
  readonly range?: string | undefined;
  /**
   * The asker's own credential, '' where it has sent none, if that goes along and the key does not cover it: being refused says
   * nothing of what others are answered.
   */
  readonly credential?: string | undefined;
  /** Another proxy asks, for a flight of its own that may be waiting for ours: it must not wait long in return. */
  readonly forProxy?: boolean | undefined;
  /** Our nodes that it has come through, by their names in CDN-Loop: for a parent alone, see `OriginRequest`. */
  readonly nodes?: readonly string[] | undefined;
}

export interface PassRoute {
  readonly kind: 'pass';
  readonly upstream: string;
  /** As of a shared route. */
  readonly template?: string | undefined;
  readonly reason: PassReason;
  readonly target: string;
  /** The client's end-to-end fields, credentials swapped in where it sent none. */
  readonly headers: RawHeaders;
  /** Whether a failed attempt may be repeated. */
  readonly retryable: boolean;
  /** Only while the cache is switched off: the key it would have. A write is to invalidate what was stored before. */
  readonly key?: string | undefined;
  /** Only while the cache is switched off: the class it would have, for those who may not ask for every class. */
  readonly class?: string | undefined;
}

/** The request cannot be served: the reason becomes a 4xx in the site's own error format. */
export interface Refusal {
  readonly kind: 'refuse';
  readonly code: 'bad_target' | 'bad_request' | 'method_refused' | 'not_found' | 'misdirected';
  readonly message: string;
}

export type Route = SharedRoute | PassRoute | Refusal;

/** Durations in ms of one class; see the table in docs/configuration.md. */
export interface ClassTimes {
  readonly memoryMs: number;
  readonly freshMs: number;
  readonly swrMs: number;
  readonly sieMs: number;
}

/** Why a complete body may not be stored although its head looked storable. */
export type BodyFault = 'error-envelope' | 'not-an-image' | 'truncated';

/** A response that takes the place of the origin's own. */
export interface Instead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: RawHeaders;
  readonly body: Buffer;
}

/** What a purge may name of a route's response before it has come. */
export function expectedOf(site: SitePolicy, route: SharedRoute): Expected {
  return {
    primaryKey: route.key,
    tags: route.tags,
    tagsFromBody: site.tagsFromBody(route),
    groups: site.ttlPolicy === 'origin',
  };
}

/**
 * All that is particular to one upstream. The engine knows nothing of TMDB; another upstream is another policy.
 * Every method is pure, but `tagsOf` may also go by what it was told of other responses.
 */
export interface SitePolicy {
  readonly name: string;
  /** `content-type`: the class table replaces the origin's lifetimes. `origin`: RFC 9111 to the letter. */
  readonly ttlPolicy: 'content-type' | 'origin';
  /** Whether JSON may be stored compressed and served in either coding. */
  readonly transforms: boolean;
  /** Names, lower-case, of the only request fields that `route`, and what it says to vary by, may depend on. Default: any. */
  readonly reads?: ReadonlySet<string>;
  /** Another number when `route` may say something else of a request than before. Absent: it never does. */
  readonly version?: number;
  route(request: ClientRequest): Route;
  /** Class of the response, which may differ from the route's (a 404 of a movie is `negative`). */
  classOf(route: SharedRoute, status: number, headers: RawHeaders): string;
  times(className: string): ClassTimes;
  /** Looks at decoded bytes (identity coding) once complete; undefined when they may be stored. */
  inspect(route: SharedRoute, status: number, headers: RawHeaders, body: Buffer): BodyFault | undefined;
  /** Tags known only from the response, added to the route's. */
  tagsOf(route: SharedRoute, status: number, headers: RawHeaders, body: Buffer): readonly string[];
  /** Whether `tagsOf` may find tags that the route does not have: a purge by tag then may name what has not come yet. */
  tagsFromBody(route: SharedRoute): boolean;
  /** A tag as entries have it, of one that a person has written. Undefined: nothing can have it. Default: as it is. */
  canonicalTag?(tag: string): string | undefined;
  /** Tags that an operator's purge of this tag means as well; the change feed's does not. */
  alsoPurged?(tag: string): readonly string[];
  /**
   * What a response stands for when it is none of this site's (an HTML page in place of an image), under the class table.
   * `start`: its first bytes as they came, all of a text.
   */
  instead?(route: SharedRoute, status: number, headers: RawHeaders, start: Buffer): Instead | undefined;
  /** Classes whose responses never change under their address. */
  readonly images?: ReadonlySet<string> | undefined;
  /** Keys of a purge by address: paths (with or without query), API URLs, web addresses. Undefined: not ours. */
  resolveUrl(url: string): { key?: string; prefix?: string; tags?: readonly string[] } | undefined;
  /** An error in the format clients of this site parse. */
  errorBody(status: number, code: string, message: string): { type: string; body: string };
}
