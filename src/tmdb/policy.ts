import type { ClassTimes, SitePolicy } from '../cache/site.js';
import { mayGetTags, ResponseTags } from './body-tags.js';
import { type ClassName, responseClass } from './classes.js';
import { AuthorizationJudge } from './credentials.js';
import { apiFault, imageFault } from './envelope.js';
import { errorBody } from './error-body.js';
import { insteadOfPage } from './instead.js';
import { ParsedOnce } from './json.js';
import type { TmdbPolicyOptions } from './options.js';
import { PassRoutes } from './pass-routes.js';
import { PurgeUrls } from './purge-url.js';
import { passReason, readRequest } from './reading.js';
import { SharedRoutes } from './shared-routes.js';
import { canonicalTag, isTitleTag, referrerTag } from './tags.js';
import { READ_FIELDS } from './traits.js';

/** A file of the image host never changes (TMDB.md, Responses). */
const IMAGES: ReadonlySet<string> = new Set<ClassName>(['image']);

/**
 * TMDB as the engine sees it: its API (`/3`, `/4`) and its images (`/t/p`) on one listener. What is read from a request
 * and why it may not be shared is in `reading.ts`; what becomes of it in `shared-routes.ts` and `pass-routes.ts`.
 */
export function createTmdbPolicy(options: TmdbPolicyOptions): SitePolicy {
  const judge = new AuthorizationJudge(options.credentials);
  const shared = new SharedRoutes(options);
  const passed = new PassRoutes(options);
  const purgeUrls = new PurgeUrls(options.bases ?? []);
  const parsed = new ParsedOnce();
  const parse = (body: Buffer) => parsed.parse(body);
  const responseTags = new ResponseTags(parsed, options.referrers);
  return {
    name: options.kind,
    ttlPolicy: options.ttlPolicy,
    transforms: true,
    reads: READ_FIELDS,
    route(request) {
      const reading = readRequest(request, options.kind, judge);
      if ('kind' in reading) return reading;
      const reason = passReason(reading, options.cacheEnabled);
      return reason === undefined ? shared.routeOf(reading) : passed.routeOf(reading, reason);
    },
    classOf: (route, status) => responseClass(route.class, status),
    times: (className) => timesOf(options.classes, className),
    images: IMAGES,
    inspect: (route, status, headers, body) =>
      route.upstream === 'image' ? imageFault(status, headers, body) : apiFault(status, headers, body, parse),
    instead: insteadOfPage,
    tagsOf: (route, status, _headers, body) => responseTags.of(route, status, body),
    tagsFromBody: mayGetTags,
    canonicalTag,
    alsoPurged: (tag) => (isTitleTag(tag) ? [referrerTag(tag)] : []),
    resolveUrl: (url) => purgeUrls.resolve(url),
    errorBody,
  };
}

/** Times of a class; a name that is not in the table has those of `other`. */
function timesOf(classes: Readonly<Record<ClassName, ClassTimes>>, className: string): ClassTimes {
  return Object.hasOwn(classes, className) ? classes[className as ClassName] : classes.other;
}
