import type { ClientRequest, PassReason, Refusal } from '../cache/site.js';
import type { AuthorizationJudge } from './credentials.js';
import type { TmdbPolicyOptions, UpstreamName } from './options.js';
import { canonicalPath } from './path.js';
import { pathVerdict } from './personal.js';
import { upstreamOf } from './place.js';
import { NO_QUERY, parseQuery, type Query, queryFault } from './query.js';
import { type RequestTraits, readTraits } from './traits.js';

/** One request, read once: all decisions are made from this. */
export interface Reading {
  readonly request: ClientRequest;
  readonly upstream: UpstreamName;
  /** Canonical. */
  readonly path: string;
  /** What followed the question mark, undefined without one. */
  readonly rawQuery: string | undefined;
  readonly query: Query;
  readonly traits: RequestTraits;
  /** GET or HEAD. */
  readonly reads: boolean;
}

/**
 * A credential where none belongs (`/3/movie/6&api_key=…`, a URL as a parameter's value) would end up in a key: such a
 * request is somebody's broken one and is passed on.
 */
const CREDENTIAL_IN_TEXT = /(?:api[_-]?key|session_id|request_token|access_token|password)(?:=|%3d|%253d)/i;

/** Methods that are passed on; of the others TMDB knows none. */
const PASSED: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Reads a request, or says why it cannot be served. */
export function readRequest(
  request: ClientRequest,
  kind: TmdbPolicyOptions['kind'],
  judge: AuthorizationJudge,
): Reading | Refusal {
  const { method, target } = request;
  const reads = method === 'GET' || method === 'HEAD';
  if (!reads && !PASSED.has(method)) return refusal('method_refused', 'This method is not served.');
  const mark = target.indexOf('?');
  const path = canonicalPath(mark < 0 ? target : target.slice(0, mark));
  if (typeof path !== 'string') return refusal('bad_target', path.fault);
  const rawQuery = mark < 0 ? undefined : target.slice(mark + 1);
  const fault = rawQuery === undefined ? undefined : queryFault(rawQuery);
  if (fault !== undefined) return refusal('bad_target', fault);
  const upstream = upstreamOf(path);
  if (upstream === undefined || (kind !== 'tmdb' && kind !== `tmdb-${upstream}`)) {
    return refusal('not_found', 'This path does not lead to anything here.');
  }
  const query = rawQuery === undefined ? NO_QUERY : parseQuery(rawQuery);
  return { request, upstream, path, rawQuery, query, traits: readTraits(request.headers, judge), reads };
}

function refusal(code: Refusal['code'], message: string): Refusal {
  return { kind: 'refuse', code, message };
}

/** TMDB.md, Never shared, never stored: by method, path, parameters, credentials, in this order. */
export function passReason(reading: Reading, cacheEnabled: boolean): PassReason | undefined {
  const { upstream, path, query, traits } = reading;
  if (!reading.reads) return 'method';
  const verdict = upstream === 'api' ? pathVerdict(path) : undefined;
  if (verdict !== undefined) return verdict;
  if (query.personal || CREDENTIAL_IN_TEXT.test(path) || CREDENTIAL_IN_TEXT.test(query.canonical)) {
    return 'personal-parameter';
  }
  if (traits.authorization === 'foreign') return 'personal-credential';
  if (traits.hasBody) return 'unshareable';
  return cacheEnabled ? undefined : 'disabled';
}
