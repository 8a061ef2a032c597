import type { ClassTimes, PassReason, Route, SitePolicy } from '../cache/site.js';
import { Bases } from '../http/bases.js';
import { field, hasField, headerBytes, type RawHeaders } from '../http/headers.js';
import { forwardableRange } from '../http/partial.js';
import { hasOriginPrecondition } from '../http/validation.js';
import { keyOf, pathTag } from './names.js';
import { problemBody } from './problem.js';
import { addressTarget } from './purge-url.js';
import { fillHeaders, passHeaders, tableFillHeaders } from './request-headers.js';
import { readTarget } from './target.js';

/** Labels of responses. Under `origin` they choose the memory times only; lifetimes are the response's own. */
export type GenericClass = 'image' | 'detail' | 'other' | 'negative';

export interface GenericPolicyOptions {
  readonly ttlPolicy: 'content-type' | 'origin';
  readonly classes: Readonly<Record<GenericClass, ClassTimes>>;
  /** False (`CACHE_ENABLED`): every request is passed through. */
  readonly cacheEnabled: boolean;
  /** Names this node or group in Via, a token. */
  readonly viaPseudonym: string;
  /** Addresses (see `Bases`) whose URLs a purge may name: the upstream's, our own. */
  readonly bases?: readonly string[] | undefined;
}

/**
 * Half of what the strictest common servers take (8 KB): an error for the size of one client's fields is that client's alone
 * (cache-poisoned denial of service), bytes.
 */
const LARGEST_SHARED_HEAD = 4096;

/**
 * `UPSTREAM_TYPE=custom`: one upstream for every path, of which nothing is known. GET and HEAD may be shared, and
 * whether they are is for RFC 9111 to say, from the response and from the request's own fields (Authorization, section
 * 3.5; no-store, section 5.2.1.5); no path, parameter or cookie is special. Bytes are never transformed. With
 * `TTL_POLICY=content-type` the class table replaces those rules, so requests with Authorization or Cookie pass, and
 * fills carry fixed fields.
 *
 * A single range is asked for as it is (http/partial.ts). No-Vary-Search, a draft, would relax the key, which here is the
 * query as received (docs/conformance.md).
 */
export function createGenericPolicy(options: GenericPolicyOptions): SitePolicy {
  const bases = new Bases(options.bases ?? []);
  return {
    name: 'custom',
    ttlPolicy: options.ttlPolicy,
    transforms: false,
    route: ({ method, target, headers }) => route(options, method, target, headers),
    classOf: (_route, status, headers) => classOf(status, headers),
    times: (className) => timesOf(options.classes, className),
    inspect: () => undefined,
    tagsOf: () => [],
    tagsFromBody: () => false,
    resolveUrl: (url) => addressTarget(url, bases),
    errorBody: problemBody,
  };
}

function route(options: GenericPolicyOptions, method: string, target: string, headers: RawHeaders): Route {
  if (method === 'CONNECT' || method === 'TRACE') {
    return { kind: 'refuse', code: 'method_refused', message: 'This method is not served.' };
  }
  const read = readTarget(target);
  if ('fault' in read) return { kind: 'refuse', code: 'bad_target', message: read.fault };
  const wire = read.path + read.query;
  const key = keyOf(wire);
  const reason = passReason(options, method, headers);
  if (reason === undefined) {
    return {
      kind: 'shared',
      upstream: 'custom',
      key,
      class: 'other',
      tags: [pathTag(read.path)],
      target: wire,
      ...(options.ttlPolicy === 'origin' && { range: forwardableRange(method, headers) }),
      headers:
        options.ttlPolicy === 'origin'
          ? fillHeaders(headers, options.viaPseudonym)
          : tableFillHeaders(options.viaPseudonym),
    };
  }
  const safe = method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
  return {
    kind: 'pass',
    upstream: 'custom',
    reason,
    target: wire,
    headers: passHeaders(headers, options.viaPseudonym),
    // A body is a stream and cannot be sent twice.
    retryable: safe && !hasBody(headers),
    key: reason === 'disabled' ? key : undefined,
  };
}

function passReason(
  options: GenericPolicyOptions,
  method: string,
  headers: RawHeaders,
): PassReason | undefined {
  if (method !== 'GET' && method !== 'HEAD') return 'method';
  if (hasBody(headers) || headerBytes(headers) > LARGEST_SHARED_HEAD) return 'unshareable';
  // Whether they hold is for the origin to say (RFC 9111 section 4.3.2).
  if (options.ttlPolicy === 'origin' && hasOriginPrecondition(headers)) return 'unshareable';
  // Without the response's own rules (RFC 9111 section 3.5, Vary) nothing else would keep users apart.
  if (
    options.ttlPolicy === 'content-type' &&
    (hasField(headers, 'authorization') || hasField(headers, 'cookie'))
  ) {
    return 'personal-credential';
  }
  return options.cacheEnabled ? undefined : 'disabled';
}

function hasBody(headers: RawHeaders): boolean {
  if (hasField(headers, 'transfer-encoding')) return true;
  const length = field(headers, 'content-length');
  return length !== undefined && !/^0+$/.test(length.trim());
}

function classOf(status: number, headers: RawHeaders): GenericClass {
  if (status >= 400) return 'negative';
  const type = field(headers, 'content-type')?.trimStart().toLowerCase() ?? '';
  if (type.startsWith('image/')) return 'image';
  return /^application\/(?:[a-z0-9.+-]+\+)?json\b/.test(type) ? 'detail' : 'other';
}

function timesOf(classes: Readonly<Record<GenericClass, ClassTimes>>, className: string): ClassTimes {
  return Object.hasOwn(classes, className) ? classes[className as GenericClass] : classes.other;
}
