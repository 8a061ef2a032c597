import type { Answer } from '../cache/answer.js';
import { acceptsCoding, recodedFields } from '../http/content-coding.js';
import { announcedLength, type RawHeaders, withoutFields } from '../http/headers.js';
import { BodyWriter } from './body-writer.js';
import { DecodedSource } from './coded-body.js';
import { CORS_REPLACED, corsFields } from './cors.js';
import { withoutDating } from './dating-fields.js';
import { theirCacheStatus, withVaryCoding } from './entry-fields.js';
import type { Exchange } from './exchange.js';
import { pushOwnFields, REPLACED } from './own-fields.js';
import { codedRaw, formFor, variesByCoding } from './representation.js';
import { allowsBody, writeHead } from './write-head.js';

type Raw = Extract<Answer, { kind: 'raw' }>;

const NOT_COPIED: ReadonlySet<string> = new Set([...REPLACED, 'cache-status']);
const NOT_COPIED_CORS: ReadonlySet<string> = new Set([...NOT_COPIED, ...CORS_REPLACED]);

/**
 * Answers with what the origin sent: status, fields in their order, bytes. Our own fields are added, and a coding that only we
 * have asked for is undone for a client that does not take it.
 */
export function respondRaw(answer: Raw, exchange: Exchange): void {
  const { head, body } = answer;
  const { method, headers, settings } = exchange;
  const silent = !allowsBody(method, head.status);
  const coded = codedRaw(answer, settings.site);
  const decoded = formFor(coded, acceptsCoding(headers, 'gzip'), settings.site) === 'decoded';
  const all = variesByCoding(coded, settings.site) ? recoded(head.headers, decoded) : head.headers;
  const theirs = head.status === 204 ? withoutFields(all, LENGTH) : all;
  const writer = new BodyWriter(exchange, decoded && !silent ? new DecodedSource(body) : body, {
    head: () => writeHead(exchange, head.status, head.statusText, rawFields(theirs, exchange)),
    length: silent ? undefined : announcedLength(theirs),
    silent,
  });
  writer.start();
  // An origin may send its head long before its body (a long poll): it goes on after one turn without bytes. What is decoded is
  // later than that, and its head waits: damaged bytes can still become an honest error.
  if (!decoded || silent) setImmediate(() => writer.begin());
}

/** Fields of what goes out in either coding: `decoded`, or as it came. */
function recoded(theirs: RawHeaders, decoded: boolean): string[] {
  return withVaryCoding(decoded ? withoutFields(recodedFields(theirs), OF_CODED_BYTES) : [...theirs]);
}

/** An answer that never has a body must not tell its length (RFC 9110, section 8.6). */
const LENGTH: ReadonlySet<string> = new Set(['content-length']);

/** No range is cut of what is not stored. */
const OF_CODED_BYTES: ReadonlySet<string> = new Set(['content-encoding', 'content-length', 'accept-ranges']);

function rawFields(theirs: RawHeaders, exchange: Exchange): string[] {
  const { cors, serverId, version } = exchange.settings;
  const copied = withoutFields(theirs, cors ? NOT_COPIED_CORS : NOT_COPIED);
  const kept = exchange.quiet ? withoutDating(copied) : copied;
  const advice = advertised(exchange);
  const headers = advice === undefined ? kept : withoutFields(kept, LIFETIMES);
  if (advice !== undefined) headers.push('Cache-Control', advice);
  if (cors) headers.push(...corsFields(theirs));
  headers.push('X-TMDB-Proxy', serverId, 'X-TMDB-Proxy-Version', version);
  pushOwnFields(headers, exchange, theirCacheStatus(theirs));
  return headers;
}

/**
 * What caches behind us may do, where TMDB's own fields would have them share a user's answer or keep an error: a list
 * read with a session comes as `public, max-age=26719`, a 401 as `public, max-age=300` (TMDB.md). Stored and advertised
 * come from one verdict (I-21). By the letter (`TTL_POLICY=origin`) the origin's word is passed on.
 */
function advertised({ outcome, settings }: Exchange): string | undefined {
  if (settings.site.ttlPolicy === 'origin' || outcome === undefined) return undefined;
  if (outcome.noStore !== undefined && outcome.noStore !== 'too-large') return 'no-store';
  const personal = outcome.pass?.startsWith('personal') === true || outcome.pass === 'side-effects';
  return personal ? 'private, no-store' : undefined;
}

const LIFETIMES: ReadonlySet<string> = new Set(['cache-control', 'expires', 'pragma']);
