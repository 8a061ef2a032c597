import { initialAge, parseAge } from '../http/age.js';
import { requestCacheControl } from '../http/cache-control.js';
import { contentCodings } from '../http/content-coding.js';
import { freshnessLifetime, staleWindows } from '../http/freshness.js';
import { hasField, onlyFields, type RawHeaders, withoutFields } from '../http/headers.js';
import { hasValidator } from '../http/revalidation.js';
import { fieldsNotStored, storability } from '../http/storable.js';
import { type ResponsePolicy, responsePolicy } from '../http/targeted.js';
import { shapesUntold } from '../http/untold.js';
import { parseVary } from '../http/vary.js';
import type { EntryHead, StoredCoding } from '../tiers/entry.js';
import { groupTags } from './groups.js';
import type { NoStoreReason } from './outcome.js';
import type { SharedRoute, SitePolicy } from './site.js';
import { variantKey } from './variant.js';

/** What is known of a response when its head has arrived; hop-by-hop fields are gone. */
export interface Arrived {
  readonly route: SharedRoute;
  readonly status: number;
  readonly statusText: string;
  readonly headers: RawHeaders;
  readonly requestTime: number;
  readonly responseTime: number;
  readonly stamp: number;
  /** Lifetime in place of the class table's, ms; the bounds of that hold. */
  readonly freshMs?: number | undefined;
  /** Absolute URI that a POST went to (RFC 9110 section 9.3.3); undefined: it was a GET. */
  readonly postTo?: string | undefined;
  /** Set when another proxy of this program answered (PARENT_PROXY). */
  readonly parent?: ParentAnswer | undefined;
}

/** What the cache of a parent says of an answer. */
export interface ParentAnswer {
  /** Freshness it has left there, negative when stale; undefined when the parent had just fetched it. ms */
  readonly ttlMs: number | undefined;
}

export type Decision =
  /** `own`: fields for the one who asked, which are neither stored nor shared. */
  | { readonly store: true; readonly head: EntryHead; readonly own: RawHeaders }
  | { readonly store: false; readonly reason: NoStoreReason };

/** TMDB's terms, and a sane bound for anyone: nothing is kept longer than this, ms. */
const MAX_LIFETIME_MS = 180 * 24 * 3600 * 1000;

/** Statuses the class table has lifetimes for; whatever else TMDB answers is not a resource. */
const TABLE_STATUSES: ReadonlySet<number> = new Set([200, 404, 410]);

/** Told by `coding`, the body's length and the clock once stored; written anew on each delivery. */
const NOT_KEPT: ReadonlySet<string> = new Set(['content-length', 'age']);
const NOT_KEPT_CODED: ReadonlySet<string> = new Set([...NOT_KEPT, 'content-encoding']);

/**
 * Whether a response may be stored and for how long: first what it forbids (RFC 9111 section 3), then the lifetimes of
 * the site's policy. What is stored and what is advertised both come from the head this makes (I-21).
 * `random` in [0, 1) spreads the ends of lifetimes by ±10 %, so that what was fetched together does not end together.
 */
export function decide(site: SitePolicy, arrived: Arrived, random: number): Decision {
  const { route, status, headers, postTo } = arrived;
  const policy = responsePolicy(headers);
  const verdict = storability(postTo === undefined ? 'GET' : 'POST', route.headers, arrived, {
    policy,
    targetUri: postTo,
    // Under the table the fields of the request are ours, made on everyone's behalf; by the letter a client's no-store counts.
    requestDirectives: requestCacheControl(route.headers),
    sharedAuthorization: site.ttlPolicy === 'content-type',
    setCookie: site.ttlPolicy === 'origin' ? 'explicit' : 'refuse',
    ranged: route.range !== undefined,
  });
  if (!verdict.store) return verdict;
  const byTable = site.ttlPolicy === 'content-type';
  if (byTable && !TABLE_STATUSES.has(status)) return { store: false, reason: 'status' };
  const made = byTable ? tableTimes(site, arrived, policy, random) : originTimes(site, arrived, policy);
  const times = made && withinParent(made, arrived.parent);
  if (times === undefined) return { store: false, reason: 'zero-lifetime' };

  const coding = storedCoding(site, status, headers);
  const vary = byTable ? [] : parseVary(headers);
  if (vary === '*') return { store: false, reason: 'vary-any' };
  if (!byTable && shapesUntold(route.headers, vary)) return { store: false, reason: 'unkeyed-field' };
  const kept = new Set(fieldsNotStored(policy.directives));
  const stripped = withoutFields(headers, kept);
  // A lifetime is consent to share a cookie; its end is not, nor is an error of the origin.
  const cookie = hasField(stripped, 'set-cookie');
  if (cookie && times.lifetime <= times.ageAtStore) return { store: false, reason: 'set-cookie' };
  return {
    store: true,
    own: kept.size === 0 ? NONE : onlyFields(headers, kept),
    head: {
      key: vary.length === 0 ? route.key : variantKey(route.key, vary, route.headers),
      primaryKey: route.key,
      status,
      statusText: arrived.statusText,
      headers: withoutFields(stripped, coding === 'other' ? NOT_KEPT : NOT_KEPT_CODED),
      coding,
      recoded: false,
      class: site.classOf(route, status, headers),
      tags: [...route.tags, ...foreknownTags(site, arrived), ...(byTable ? [] : groupTags(headers))],
      stamp: arrived.stamp,
      storedAt: arrived.responseTime,
      vary,
      marker: false,
      ...times,
      ...(cookie && NO_WINDOWS),
    },
  };
}

/**
 * Tags that the bytes do not tell. They go with the head, since the process that asked the origin is the one that knows them: a
 * worker that stores an image has them from its core.
 */
function foreknownTags(site: SitePolicy, { route, status, headers }: Arrived): readonly string[] {
  return site.images?.has(route.class) === true ? site.tagsOf(route, status, headers, NO_BYTES) : NONE;
}

const NONE: RawHeaders = [];
const NO_BYTES = Buffer.alloc(0);
const NO_WINDOWS = { staleWhileRevalidate: 0, staleIfError: 0 };

type Times = Pick<
  EntryHead,
  'ageAtStore' | 'lifetime' | 'memoryFor' | 'staleWhileRevalidate' | 'staleIfError'
>;

/** The class table in place of the origin's lifetimes; what the origin says may only make it stricter. */
function tableTimes(
  site: SitePolicy,
  arrived: Arrived,
  policy: ResponsePolicy,
  random: number,
): Times | undefined {
  const { directives } = policy;
  const { parent, headers, requestTime, responseTime } = arrived;
  // TMDB marks account_states and writes with max-age=0 (TMDB.md); an unknown path so marked is not ours to keep.
  // A parent says it of what is stale there, and no-store of what it keeps for nobody.
  const zero = parent === undefined && (directives.sMaxage ?? directives.maxAge) === 0;
  if (directives.noCache || zero) return undefined;
  const times = site.times(site.classOf(arrived.route, arrived.status, headers));
  const ageAtStore =
    parent === undefined
      ? initialAge(headers, requestTime, responseTime)
      : // Age alone: the Date is TMDB's, read by the parent's clock long ago (I-13).
        (parseAge(headers) ?? 0) + Math.max(0, responseTime - requestTime);
  const spread = 0.9 + 0.2 * random;
  const fresh = Math.min((arrived.freshMs ?? times.freshMs) * spread, MAX_LIFETIME_MS);
  if (fresh <= 0) return undefined;
  return {
    ageAtStore,
    // The age TMDB's CDN reports is not held against the table; the age in another of our caches is (I-11).
    lifetime: parent === undefined || parent.ttlMs !== undefined ? ageAtStore + fresh : fresh,
    memoryFor: Math.min(times.memoryMs, fresh),
    staleWhileRevalidate: Math.min(times.swrMs, MAX_LIFETIME_MS - fresh),
    staleIfError: Math.min(times.sieMs, MAX_LIFETIME_MS - fresh),
  };
}

/** I-11: no fresher here than where it came from, whatever the tables of the two say; stale there is stale here (I-12). */
function withinParent(times: Times, parent: ParentAnswer | undefined): Times {
  if (parent?.ttlMs === undefined) return times;
  return { ...times, lifetime: Math.min(times.lifetime, times.ageAtStore + parent.ttlMs) };
}

/** RFC 9111 sections 4.2 and 4.2.4 with RFC 5861: the origin's lifetimes; stale on error unless it forbids that. */
function originTimes(site: SitePolicy, arrived: Arrived, policy: ResponsePolicy): Times | undefined {
  const { route, status, headers, requestTime, responseTime } = arrived;
  const operator = site.times(site.classOf(route, status, headers));
  const windows = staleWindows(policy.directives, { whileRevalidateMs: 0, ifErrorMs: operator.sieMs });
  const { lifetimeMs } = freshnessLifetime({ status, headers }, { responseTime, policy });
  const lifetime = policy.directives.noCache ? 0 : Math.min(lifetimeMs, MAX_LIFETIME_MS);
  if (lifetime <= 0 && !hasValidator(headers, responseTime) && windows.ifErrorMs === 0) return undefined;
  return {
    ageAtStore: initialAge(headers, requestTime, responseTime),
    lifetime,
    memoryFor: operator.memoryMs,
    staleWhileRevalidate: windows.whileRevalidateMs,
    staleIfError: windows.ifErrorMs,
  };
}

/** What is known of a response's coding: one that is ours to undo has a name of its own. */
export function storedCoding(site: SitePolicy, status: number, headers: RawHeaders): StoredCoding {
  const codings = contentCodings(headers);
  if (codings.length === 0) return 'identity';
  // Where nothing is transformed the field is the origin's word; and a part of coded bytes cannot be undone by itself.
  if (!site.transforms || status === 206) return 'other';
  return codings.length === 1 && codings[0] === 'gzip' ? 'gzip' : 'other';
}
