import { type RequestDirectives, type ResponseDirectives, requestCacheControl } from './cache-control.js';
import { field, hasField, type RawHeaders } from './headers.js';
import { partOf } from './partial.js';
import { isHeuristicallyCacheable, isNeverStored, isUnderstood } from './status.js';
import { type ResponsePolicy, responsePolicy } from './targeted.js';
import { parseVary } from './vary.js';

/** Why a response is not stored. */
export type NotStorable =
  | 'method' // section 3: the method is not understood as cacheable
  | 'interim-status' // 1xx is not final
  | 'partial' // 206 that was not asked for, or that names no one part of a known whole
  | 'not-modified' // 304 updates, it is never an entry
  | 'forbidden-status' // 428, 429, 431, 511: RFC 6585
  | 'not-understood' // no such status, or must-understand with one whose rules are not implemented
  | 'no-store'
  | 'request-no-store'
  | 'private'
  | 'authorization'
  | 'set-cookie'
  | 'vary-any'
  | 'not-cacheable'; // nothing in the response allows it

export type Storability = { readonly store: true } | { readonly store: false; readonly reason: NotStorable };

export interface StorableOptions {
  /** Already read directives, else they are read from the headers. */
  readonly policy?: ResponsePolicy | undefined;
  readonly requestDirectives?: RequestDirectives | undefined;
  /** The request's Authorization is the proxy's own, the same for all clients: section 3.5 does not apply. */
  readonly sharedAuthorization?: boolean | undefined;
  /**
   * RFC 9111 section 7.3 lets Set-Cookie be stored and leaves it to the origin to forbid it. `refuse` (default): never
   * (I-20, class table). `explicit`: where the origin has given the response a lifetime, not where one would be guessed.
   */
  readonly setCookie?: 'refuse' | 'explicit' | undefined;
  /** The request was for one range of bytes, so that a 206 is what was asked for and may be stored as a part. */
  readonly ranged?: boolean | undefined;
  /** Absolute URI of the request. With it a POST that names itself in Content-Location may be stored. */
  readonly targetUri?: string | undefined;
}

const STORE: Storability = Object.freeze({ store: true });

/** Whether a shared cache may store a response (RFC 9111 section 3), checked in the order of the section. */
export function storability(
  method: string,
  requestHeaders: RawHeaders,
  response: { readonly status: number; readonly headers: RawHeaders },
  options: StorableOptions = {},
): Storability {
  const { status, headers } = response;
  const { directives, targetedBy } = options.policy ?? responsePolicy(headers);
  const explicit = hasExplicitFreshness(directives, targetedBy, headers);

  if (method !== 'GET' && !(method === 'POST' && explicit && namesItself(headers, options.targetUri))) {
    return refuse('method');
  }
  const badStatus = statusFault(
    status,
    directives,
    options.ranged === true && partOf(headers, undefined) !== undefined,
    options.ranged === true,
  );
  if (badStatus !== undefined) return refuse(badStatus);
  // Section 5.2.2.3: must-understand overrides the no-store that older caches see.
  if (directives.noStore && !directives.liftsNoStore) return refuse('no-store');
  if ((options.requestDirectives ?? requestCacheControl(requestHeaders)).noStore)
    return refuse('request-no-store');
  if (directives.private) return refuse('private');
  if (
    !options.sharedAuthorization &&
    hasField(requestHeaders, 'authorization') &&
    !directives.allowsAuthorized // section 3.5
  ) {
    return refuse('authorization');
  }
  const cookieAllowed = options.setCookie === 'explicit' && explicit;
  if (!cookieAllowed && hasField(headers, 'set-cookie') && !stripsSetCookie(directives)) {
    return refuse('set-cookie');
  }
  if (parseVary(headers) === '*') return refuse('vary-any');
  if (!explicit && !directives.public && !isHeuristicallyCacheable(status)) return refuse('not-cacheable');
  return STORE;
}

/**
 * Names (lower-case) of fields removed before a response is stored or shared with requests that joined its flight:
 * those of `private="f"` (section 5.2.2.7), and of `no-cache="f"` (section 5.2.2.4), which must not be reused without
 * validation: what is not stored is not reused.
 */
export function fieldsNotStored(directives: ResponseDirectives): readonly string[] {
  return directives.noCacheFields.length === 0
    ? directives.privateFields
    : [...directives.privateFields, ...directives.noCacheFields];
}

function statusFault(
  status: number,
  directives: ResponseDirectives,
  partAllowed: boolean,
  ranged: boolean,
): NotStorable | undefined {
  if (status >= 100 && status < 200) return 'interim-status';
  if (status === 206) return partAllowed ? undefined : 'partial';
  // Of the range asked for, not of the resource under whose key it would be stored.
  if (status === 416 && ranged) return 'partial';
  if (status === 304) return 'not-modified';
  if (isNeverStored(status)) return 'forbidden-status';
  if (!(status >= 200 && status <= 599)) return 'not-understood';
  if (directives.mustUnderstand && !isUnderstood(status)) return 'not-understood';
  return undefined;
}

function hasExplicitFreshness(
  directives: ResponseDirectives,
  targetedBy: string | undefined,
  headers: RawHeaders,
): boolean {
  if (directives.sMaxage !== undefined || directives.maxAge !== undefined) return true;
  return targetedBy === undefined && hasField(headers, 'expires');
}

/** The field is stripped before storing, so the entry holds no cookie. */
function stripsSetCookie(directives: ResponseDirectives): boolean {
  return fieldsNotStored(directives).includes('set-cookie');
}

/** RFC 9110 section 9.3.3: a POST is storable when its Content-Location is its own target. */
export function namesItself(headers: RawHeaders, targetUri: string | undefined): boolean {
  const location = field(headers, 'content-location');
  if (targetUri === undefined || location === undefined) return false;
  return URL.canParse(location, targetUri) && new URL(location, targetUri).href === new URL(targetUri).href;
}

function refuse(reason: NotStorable): Storability {
  return { store: false, reason };
}
