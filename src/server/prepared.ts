import { LRUCache } from 'lru-cache';
import type { Found } from '../cache/lookup.js';
import { storedOutcome } from '../cache/stored-outcome.js';
import { evaluateConditional, notModifiedHeaders } from '../http/validation.js';
import type { Entry } from '../tiers/entry.js';
import type { Means } from './entry-response.js';
import { layOut, NO_ID, type Pieces, Printed, printHead } from './printed.js';
import { type Form, formFor } from './representation.js';
import type { ServerSettings } from './settings.js';

/** What the client asks of a stored response beside its address. */
export interface Asked {
  readonly key: string;
  readonly takesGzip: boolean;
  readonly ifNoneMatch: string | undefined;
}

/** Bodies up to this many bytes are kept in one piece with their head: one write is cheaper than two. */
const JOINED_BYTES = 64 * 1024;
/** Charged for the heads and the objects of a response, bytes. */
const HEAD_BYTES = 4096;

/**
 * Responses of fresh entries as the bytes they are on the wire, for the fast path. Every field comes from `EntryFields`, which
 * also prints those of the ordinary path; here they are only put behind each other as node:http does. Printed anew when
 * a number in them changes, at most a few times a second.
 */
export class PreparedResponses {
  readonly #settings: ServerSettings;
  readonly #means: Means;
  /** By the key of the entry; one that goes out decoded as well as coded has two. */
  readonly #asStored: LRUCache<string, Prepared>;
  readonly #decoded: LRUCache<string, Prepared>;

  /** @param maxBytes bound of what is kept: heads, and copies of bodies */
  constructor(settings: ServerSettings, means: Means, maxBytes: number) {
    this.#settings = settings;
    this.#means = means;
    const half = () =>
      new LRUCache<string, Prepared>({
        maxSize: Math.max(1, Math.floor(maxBytes / 2)),
        sizeCalculation: ({ cost }) => cost,
      });
    this.#asStored = half();
    this.#decoded = half();
  }

  /** Bytes charged for what is kept. */
  get bytes(): number {
    return this.#asStored.calculatedSize + this.#decoded.calculatedSize;
  }

  /** Whether `of` is likely to have a response; asked before anything is counted. */
  has(entry: Entry, takesGzip: boolean): boolean {
    return (
      formFor(entry, takesGzip, this.#settings.site) !== 'decoded' || this.#means.identities.atHand(entry)
    );
  }

  /** The response to a GET at `now` (ms), to be sent in this very turn; undefined when only the ordinary path can give it. */
  of(found: Found, asked: Asked, now: number): Printed | undefined {
    const form = formFor(found.entry, asked.takesGzip, this.#settings.site);
    return this.#preparedOf(found.entry, form)?.response(found, asked, now);
  }

  #preparedOf(entry: Entry, form: Form): Prepared | undefined {
    const known = form === 'decoded' ? this.#decoded : this.#asStored;
    const prepared = known.get(entry.key);
    const isKnown = prepared?.isOf(entry) === true;
    if (isKnown && (prepared.joined || prepared.bytes > JOINED_BYTES)) return prepared;
    const body = bodyOf(entry, form, this.#means);
    if (body === undefined) return undefined;
    // Asked for again: worth a copy.
    const joined = isKnown && body.length <= JOINED_BYTES;
    const made = new Prepared(entry, form, body.length, joined, this.#means, this.#settings);
    known.set(entry.key, made);
    return made;
  }
}

/** Undefined: it has to be decoded first, and not here. */
function bodyOf(entry: Entry, form: Form, means: Means): Buffer | undefined {
  return form === 'decoded' ? means.identities.now(entry) : entry.body;
}

/** One entry in one form. It keeps neither the entry nor its body alive: those are counted where they are kept (I-17). */
class Prepared {
  readonly cost: number;
  readonly #entry: WeakRef<Entry>;
  #full: Printed | undefined;
  #notModified: Printed | undefined;
  #condition: string | undefined;
  #conditionHolds = false;

  /** @param bytes length of the body; `joined`: with a copy of it behind the head */
  constructor(
    entry: Entry,
    readonly form: Form,
    readonly bytes: number,
    readonly joined: boolean,
    readonly means: Means,
    readonly settings: ServerSettings,
  ) {
    this.#entry = new WeakRef(entry);
    this.cost = HEAD_BYTES + (joined ? bytes : 0);
  }

  isOf(entry: Entry): boolean {
    return this.#entry.deref() === entry;
  }

  response(found: Found, { key, ifNoneMatch }: Asked, now: number): Printed | undefined {
    if (ifNoneMatch !== undefined && this.#isCurrent(found.entry, ifNoneMatch, now)) {
      if (!this.#notModified?.usable(found, now)) this.#notModified = this.#print(found, key, now, true);
      return this.#notModified;
    }
    if (!this.#full?.usable(found, now)) this.#full = this.#print(found, key, now, false);
    return this.#full;
  }

  /** RFC 9110 section 13.1.2; remembered, since clients repeat what they were given. */
  #isCurrent(entry: Entry, ifNoneMatch: string, now: number): boolean {
    if (this.#condition !== ifNoneMatch) {
      const lasting = this.means.fields.lasting(entry, this.form);
      const request = ['If-None-Match', ifNoneMatch];
      const verdict = evaluateConditional('GET', request, lasting, entry.status, { now });
      this.#condition = ifNoneMatch;
      this.#conditionHolds = verdict === 'not-modified';
    }
    return this.#conditionHolds;
  }

  #print(found: Found, key: string, now: number, notModified: boolean): Printed | undefined {
    const { form, settings } = this;
    const { fields } = this.means;
    const { entry } = found;
    const outcome = storedOutcome(found, key, now);
    const told = { settings, headers: [], outcome, requestId: NO_ID, startedAt: now };
    const base = notModified ? notModifiedHeaders(fields.lasting(entry, form)) : undefined;
    const headers = fields.full(entry, form, told, base);
    const empty = notModified || entry.status === 204;
    if (!empty) headers.push('Content-Length', String(this.bytes));
    const head = notModified
      ? printHead(304, 'Not Modified', headers)
      : printHead(entry.status, entry.statusText, headers);
    if (head === undefined) return undefined;
    const status = notModified ? 304 : entry.status;
    const known = notModified ? this.#notModified : this.#full;
    const pieces = known?.reprinted(head) ?? this.#laidOut(head, entry, empty);
    return pieces && new Printed(pieces, status, outcome, found, now);
  }

  #laidOut(head: string, entry: Entry, empty: boolean): Pieces | undefined {
    if (empty) return layOut(head, undefined, false);
    const body = bodyOf(entry, this.form, this.means);
    // While a slow client holds the copy, others are sent the body itself: a copy each would be outside of every bound.
    return body && layOut(head, body, this.joined && this.#full?.inFlight !== true);
  }
}
