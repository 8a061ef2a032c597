import type { LRUCache } from 'lru-cache';
import type { Found } from '../cache/lookup.js';
import type { Outcome } from '../cache/outcome.js';
import { storedOutcome } from '../cache/stored-outcome.js';
import { evaluateConditional, notModifiedHeaders } from '../http/validation.js';
import type { Entry } from '../tiers/entry.js';
import type { Means } from './entry-response.js';
import type { Told } from './own-fields.js';
import { layOut, NO_ID, type Pieces, Printed, printHead } from './printed.js';
import { type Form, formFor } from './representation.js';
import type { ServerSettings } from './settings.js';
import { lruOf, resized } from './sized-lru.js';

/** What the client asks of a stored response beside its address. */
export interface Asked {
  readonly key: string;
  /** See `SharedRoute`. */
  readonly template?: string | undefined;
  readonly takesGzip: boolean;
  readonly ifNoneMatch: string | undefined;
  /** See `Told`. */
  readonly quiet?: boolean | undefined;
}

/** Bodies up to this many bytes are kept in one piece with their head: one write is cheaper than two. */
const JOINED_BYTES = 64 * 1024;
/** Charged for what this program adds to both heads of a response, and for its objects, bytes. */
const OWN_BYTES = 3072;
/** Begins the keys under which what is said to those who may not know is kept; no entry's key begins so. */
const QUIET = '\u0000';

/**
 * Responses of fresh entries as the bytes they are on the wire, for the fast path. Every field comes from `EntryFields`, which
 * also prints those of the ordinary path; here they are only put behind each other as node:http does. Printed anew when
 * a number in them changes, at most a few times a second.
 */
export class PreparedResponses {
  readonly #settings: ServerSettings;
  readonly #means: Means;
  /** By the key of the entry; one that goes out decoded as well as coded has two. */
  #asStored: LRUCache<string, Prepared>;
  #decoded: LRUCache<string, Prepared>;

  /** @param maxBytes bound of what is kept: heads, and copies of bodies */
  constructor(settings: ServerSettings, means: Means, maxBytes: number) {
    this.#settings = settings;
    this.#means = means;
    this.#asStored = lruOf(maxBytes / 2, costOf);
    this.#decoded = lruOf(maxBytes / 2, costOf);
  }

  /** Another bound, bytes; what is used most recently stays. */
  resize(maxBytes: number): void {
    this.#asStored = resized(this.#asStored, maxBytes / 2, costOf);
    this.#decoded = resized(this.#decoded, maxBytes / 2, costOf);
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

  /**
   * The response at `now` (ms) to a GET that came at `startedAt`, to be sent in this very turn; undefined when only the
   * ordinary path can give it.
   */
  of(found: Found, asked: Asked, now: number, startedAt = now): Printed | undefined {
    const { takesGzip, ifNoneMatch, quiet = false } = asked;
    const { entry } = found;
    const name = quiet ? QUIET + entry.key : entry.key;
    const form = formFor(entry, takesGzip, this.#settings.site);
    const known = form === 'decoded' ? this.#decoded : this.#asStored;
    let prepared = known.get(name);
    if (prepared?.isOf(entry) !== true) {
      prepared = new Prepared(entry, form, 0, this.#means, this.#settings, quiet);
      known.set(name, prepared);
    }
    // Without the body, which would have to be decoded for nothing.
    if (ifNoneMatch !== undefined && prepared.isCurrent(entry, ifNoneMatch, now))
      return prepared.notModified(found, asked, now, startedAt);
    if (prepared.isWorthACopy) {
      prepared = new Prepared(entry, form, prepared.bytes, this.#means, this.#settings, quiet);
      known.set(name, prepared);
    }
    return prepared.full(found, asked, now, startedAt);
  }
}

const costOf = ({ cost }: Prepared) => cost;

/** One entry in one form. It keeps neither the entry nor its body alive: those are counted where they are kept (I-17). */
class Prepared {
  readonly cost: number;
  /** Length of the body, once it is known. */
  bytes: number;
  readonly #entry: WeakRef<Entry>;
  readonly #joined: boolean;
  #full: Printed | undefined;
  /** The last one whose copy of the body a slow client held. */
  #held: Printed | undefined;
  #notModified: Printed | undefined;
  #condition: string | undefined;
  #conditionHolds = false;

  /** @param copied bytes of the body of which a copy goes behind the head; 0: it is written apart */
  constructor(
    entry: Entry,
    readonly form: Form,
    copied: number,
    readonly means: Means,
    readonly settings: ServerSettings,
    readonly quiet: boolean,
  ) {
    this.#entry = new WeakRef(entry);
    this.#joined = copied > 0;
    this.bytes = copied;
    this.cost = OWN_BYTES + 2 * charactersOf(entry.headers) + copied;
  }

  /** It was asked for before, and is small. */
  get isWorthACopy(): boolean {
    return !this.#joined && this.bytes > 0 && this.bytes <= JOINED_BYTES;
  }

  isOf(entry: Entry): boolean {
    return this.#entry.deref() === entry;
  }

  /** One that had to wait tells for how long, as no other does: it is not kept. */
  full(found: Found, asked: Asked, now: number, startedAt: number): Printed | undefined {
    if (startedAt !== now) return this.#printFull(found, asked, now, startedAt);
    if (!this.#full?.usable(found, now)) this.#full = this.#printFull(found, asked, now);
    return this.#full;
  }

  notModified(found: Found, asked: Asked, now: number, startedAt: number): Printed | undefined {
    if (startedAt !== now) return this.#printNotModified(found, asked, now, startedAt);
    if (!this.#notModified?.usable(found, now)) this.#notModified = this.#printNotModified(found, asked, now);
    return this.#notModified;
  }

  /** RFC 9110 section 13.1.2; remembered, since clients repeat what they were given. */
  isCurrent(entry: Entry, ifNoneMatch: string, now: number): boolean {
    if (this.#condition !== ifNoneMatch) {
      const lasting = this.means.fields.lasting(entry, this.form);
      const request = ['If-None-Match', ifNoneMatch];
      const verdict = evaluateConditional('GET', request, lasting, entry.status, { now });
      this.#condition = ifNoneMatch;
      this.#conditionHolds = verdict === 'not-modified';
    }
    return this.#conditionHolds;
  }

  #printFull(found: Found, asked: Asked, now: number, startedAt?: number): Printed | undefined {
    const { entry } = found;
    const body = this.#bodyOf(entry);
    if (body === undefined) return undefined;
    this.bytes = body.length;
    const outcome = storedOutcome(found, asked, now);
    const headers = this.means.fields.full(entry, this.form, this.#told(outcome, now, startedAt));
    if (entry.status !== 204) headers.push('Content-Length', String(body.length));
    const head = printHead(entry.status, entry.statusText, headers);
    if (head === undefined) return undefined;
    const sent = entry.status === 204 ? undefined : body;
    const pieces = startedAt === undefined ? this.#piecesOf(head, sent) : layOut(head, sent, false);
    return new Printed(pieces, entry.status, outcome, found, now, this.quiet, this.settings.outgoing);
  }

  /** While a slow client holds the copy, others are sent the body itself: a copy each would be outside of every bound. */
  #piecesOf(head: string, body: Buffer | undefined): Pieces {
    if (this.#full?.inFlight === true && this.#full.isJoined) this.#held = this.#full;
    if (this.#held?.inFlight === false) this.#held = undefined;
    const joined = this.#joined && this.#held === undefined;
    const same = this.#full?.isJoined === joined ? this.#full.reprinted(head) : undefined;
    return same ?? layOut(head, body, joined);
  }

  #printNotModified(found: Found, asked: Asked, now: number, startedAt?: number): Printed | undefined {
    const { fields } = this.means;
    const { entry } = found;
    const outcome = storedOutcome(found, asked, now);
    const base = notModifiedHeaders(fields.lasting(entry, this.form));
    const head = printHead(
      304,
      'Not Modified',
      fields.full(entry, this.form, this.#told(outcome, now, startedAt), base),
    );
    if (head === undefined) return undefined;
    const same = startedAt === undefined ? this.#notModified?.reprinted(head) : undefined;
    const pieces = same ?? layOut(head, undefined, false);
    return new Printed(pieces, 304, outcome, found, now, this.quiet, this.settings.outgoing);
  }

  #told(outcome: Outcome, now: number, startedAt = now): Told {
    const { settings, quiet } = this;
    return { settings, headers: [], outcome, requestId: NO_ID, startedAt, now, quiet };
  }

  /** Undefined: it has to be decoded first, and not here. */
  #bodyOf(entry: Entry): Buffer | undefined {
    return this.form === 'decoded' ? this.means.identities.now(entry) : entry.body;
  }
}

function charactersOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length, 0);
}
