import { appendCacheStatus } from '../http/cache-status.js';
import { clientCacheControl, withRemainingLifetime } from '../http/client-cache-control.js';
import { recodedFields } from '../http/content-coding.js';
import { formatHttpDate } from '../http/dates.js';
import { toDeltaSeconds } from '../http/delta.js';
import { field, fieldValue, hasField, type RawHeaders, withField, withoutFields } from '../http/headers.js';
import { parseVary } from '../http/vary.js';
import { ageAt, type EntryHead, freshUntil } from '../tiers/entry.js';
import { CORS_REPLACED, corsFields } from './cors.js';
import { withoutDating } from './dating-fields.js';
import { pushOwnFields, REPLACED, type Told } from './own-fields.js';
import { differsFromOrigin, type Form, variesByCoding } from './representation.js';
import type { ServerSettings } from './settings.js';

/** All of an entry's fields in one form that stay the same from one delivery to the next. */
interface Lasting {
  readonly fields: readonly string[];
  /** Beginning of `Cache-Status`: what caches before us said. */
  readonly theirs: string;
}

/** Written anew on each delivery, hence not taken from the entry. */
const RENEWED: readonly string[] = [...REPLACED, 'age', 'cache-status', 'content-length', 'server-timing'];
/** Under class times our Cache-Control speaks for itself; what older fields say would contradict it. */
const LIFETIMES: readonly string[] = ['cache-control', 'expires', 'pragma'];

/** Response fields of entries. What lasts is prepared once per entry and form, so that a hit only appends. */
export class EntryFields {
  readonly #settings: ServerSettings;
  readonly #dropped: ReadonlySet<string>;
  readonly #prepared = new WeakMap<EntryHead, Map<Form, Lasting>>();

  constructor(settings: ServerSettings) {
    this.#settings = settings;
    const dropped = new Set(RENEWED);
    if (settings.site.ttlPolicy === 'content-type') for (const name of LIFETIMES) dropped.add(name);
    if (settings.cors) for (const name of CORS_REPLACED) dropped.add(name);
    this.#dropped = dropped;
  }

  /** The fields that do not depend on the request. */
  lasting(head: EntryHead, form: Form): RawHeaders {
    return this.#lasting(head, form).fields;
  }

  /**
   * What preconditions and ranges of this request are judged by. Without Last-Modified the Date stands in for it (RFC 9111
   * section 4.3.2), which is that of the fetch: to who is told quietly it would say when another asked.
   */
  judged(head: EntryHead, form: Form, told: Told): RawHeaders {
    const { fields } = this.#lasting(head, form);
    if (told.quiet !== true) return fields;
    return withField(fields, 'Date', formatHttpDate(told.now ?? this.#settings.clock.now()));
  }

  /**
   * Everything but the length, which depends on what is sent. `base` stands in for the lasting fields (304, 206). Who is told
   * quietly learns neither an age nor when the response was made: both would show that another has asked before.
   */
  full(head: EntryHead, form: Form, told: Told, base?: RawHeaders): string[] {
    const { fields, theirs } = this.#lasting(head, form);
    const now = told.now ?? this.#settings.clock.now();
    const left = freshUntil(head) - now;
    const headers =
      told.quiet === true ? this.#undated(base ?? fields, head, now) : dated(base ?? fields, head, now);
    if (this.#settings.site.ttlPolicy === 'content-type') {
      const cacheControl = clientCacheControl(
        usable(head, left, told),
        head.memoryFor,
        this.#isImmutable(head),
      );
      headers.push('Cache-Control', cacheControl);
    }
    pushOwnFields(headers, told, theirs, { ttlSeconds: Math.floor(left / 1000) });
    return headers;
  }

  #isImmutable({ status, class: className }: EntryHead): boolean {
    return (status === 200 || status === 206) && this.#settings.site.images?.has(className) === true;
  }

  /**
   * As if it had been made for this very request. Date is always last: a 304 leaves one even where TMDB said none, at another place
   * than where one is added.
   */
  #undated(fields: RawHeaders, head: EntryHead, now: number): string[] {
    const headers = withoutFields(withoutDating(fields), DATE);
    headers.push('Date', formatHttpDate(now));
    if (this.#settings.site.ttlPolicy === 'content-type') return headers;
    return withRemainingLifetime(headers, freshUntil(head) - now, ageAt(head, now));
  }

  #lasting(head: EntryHead, form: Form): Lasting {
    let forms = this.#prepared.get(head);
    if (forms === undefined) {
      forms = new Map();
      this.#prepared.set(head, forms);
    }
    let lasting = forms.get(form);
    if (lasting === undefined) {
      lasting = this.#prepare(head, form);
      forms.set(form, lasting);
    }
    return lasting;
  }

  #prepare(head: EntryHead, form: Form): Lasting {
    const { serverId, version, cors, site } = this.#settings;
    let fields = withoutFields(head.headers, this.#dropped);
    if (differsFromOrigin(head, form)) fields = recodedFields(fields);
    if (head.coding !== 'other') fields = withoutFields(fields, CONTENT_ENCODING);
    if (form === 'gzip') fields.push('Content-Encoding', 'gzip');
    if (variesByCoding(head, site)) fields = withVaryCoding(fields);
    // RFC 9110 section 6.6.1: who passes on a response without Date adds when it was received.
    if (!hasField(fields, 'date')) fields.push('Date', formatHttpDate(head.storedAt));
    if (cors) fields.push(...corsFields(head.headers));
    fields.push('X-TMDB-Proxy', serverId, 'X-TMDB-Proxy-Version', version);
    return { fields, theirs: theirCacheStatus(head.headers) };
  }
}

/**
 * A soft purge, or an end of the change feed, ends freshness early: the outcome knows, the entry doesn't. ms. Who is told quietly
 * is told what a response has that was just made: how little is left of it shows how long it has been here, or at a parent.
 */
function usable(head: EntryHead, left: number, { outcome, quiet }: Told): number {
  if (quiet === true) return head.memoryFor;
  if (outcome?.result === 'stale') return 0;
  return outcome?.ttl === undefined ? left : Math.min(left, outcome.ttl * 1000);
}

function dated(fields: RawHeaders, head: EntryHead, now: number): string[] {
  return [...fields, 'Age', String(toDeltaSeconds(ageAt(head, now)))];
}

/** What one client is told of an entry that others are not (`private="f"`). */
export function withOwn<H extends EntryHead>(head: H, own: RawHeaders | undefined): H {
  return own === undefined ? head : { ...head, headers: [...head.headers, ...own] };
}

const DATE: ReadonlySet<string> = new Set(['date']);
const CONTENT_ENCODING: ReadonlySet<string> = new Set(['content-encoding']);

/** `Accept-Encoding` in `Vary` exactly once, beside what the origin named. */
export function withVaryCoding(fields: string[]): string[] {
  const names = parseVary(fields);
  if (names === '*' || names.includes('accept-encoding')) return fields;
  const theirs = fieldValue(fields, 'vary');
  return withField(fields, 'Vary', theirs === undefined ? 'Accept-Encoding' : `${theirs}, Accept-Encoding`);
}

/** What earlier caches reported, ready to be followed by our own member; '' when there is nothing readable. */
export function theirCacheStatus(headers: RawHeaders): string {
  if (field(headers, 'cache-status') === undefined) return '';
  const joined = appendCacheStatus(fieldValue(headers, 'cache-status'), '-');
  return joined === '-' ? '' : joined.slice(0, -1);
}
