import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { Socket } from 'node:net';
import { LRUCache } from 'lru-cache';
import { type Found, freshFor } from '../cache/lookup.js';
import type { Outcome } from '../cache/outcome.js';
import { storedOutcome } from '../cache/stored-outcome.js';
import { evaluateConditional, notModifiedHeaders } from '../http/validation.js';
import { ageAt, type Entry } from '../tiers/entry.js';
import type { EntryFields } from './entry-fields.js';
import type { Means } from './entry-response.js';
import { type Form, formFor } from './representation.js';
import type { ServerSettings } from './settings.js';

/** What the client asks of a stored response beside its address. */
export interface Asked {
  readonly key: string;
  readonly takesGzip: boolean;
  readonly ifNoneMatch: string | undefined;
}

/** Bodies up to this many bytes are kept in one piece with their head: one write costs a tenth less than two (bench hit). */
const JOINED_BYTES = 64 * 1024;
/** Room in front of a joined head, for when its numbers grow, bytes. */
const SLACK = 32;
/** Charged for the head and the objects of a response kept without its body, bytes. */
const HEAD_BYTES = 2048;
/** Placeholder of the request's id, as long as every id made here. */
const NO_ID = '00000000-0000-0000-0000-000000000000';

/**
 * A response of an entry, ready for the socket. Its bytes are patched in place, so they are used again only when the last
 * write has left them all with the kernel.
 */
export interface Ready {
  readonly status: number;
  /** Bytes of the body. */
  readonly bytes: number;
  readonly outcome: Outcome;
  send(socket: Socket, requestId: string): void;
}

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

  /** @param maxBytes bound of the copies kept */
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

  /** The response to a GET at `now` (ms), or undefined when only the ordinary path can give it. */
  of(found: Found, asked: Asked, now: number): Ready | undefined {
    const { entry } = found;
    const form = formFor(entry, asked.takesGzip, this.#settings.site);
    const known = form === 'decoded' ? this.#decoded : this.#asStored;
    let prepared = known.get(entry.key);
    if (prepared?.entry !== entry) {
      const body = form === 'decoded' ? this.#means.identities.now(entry) : entry.body;
      if (body === undefined) return undefined;
      prepared = new Prepared(entry, form, body, this.#means.fields, this.#settings, false);
      known.set(entry.key, prepared);
    } else if (!prepared.joined && prepared.body.length <= JOINED_BYTES) {
      // Asked for again: worth a copy.
      prepared = new Prepared(entry, form, prepared.body, this.#means.fields, this.#settings, true);
      known.set(entry.key, prepared);
    }
    return prepared.response(found, asked, now);
  }
}

/** One entry in one form. */
class Prepared {
  readonly cost: number;
  #full: Printed | undefined;
  #notModified: Printed | undefined;
  #condition: string | undefined;
  #conditionHolds = false;

  constructor(
    readonly entry: Entry,
    readonly form: Form,
    readonly body: Buffer,
    readonly fields: EntryFields,
    readonly settings: ServerSettings,
    readonly joined: boolean,
  ) {
    this.cost = HEAD_BYTES + (joined ? body.length : 0);
  }

  response(found: Found, { key, ifNoneMatch }: Asked, now: number): Ready | undefined {
    if (ifNoneMatch !== undefined && this.#isCurrent(ifNoneMatch, now)) {
      if (!this.#notModified?.usable(found, now)) this.#notModified = this.#print(found, key, now, true);
      return this.#notModified;
    }
    if (!this.#full?.usable(found, now)) this.#full = this.#print(found, key, now, false);
    return this.#full;
  }

  /** RFC 9110 section 13.1.2; remembered, since clients repeat what they were given. */
  #isCurrent(ifNoneMatch: string, now: number): boolean {
    if (this.#condition !== ifNoneMatch) {
      const lasting = this.fields.lasting(this.entry, this.form);
      const request = ['If-None-Match', ifNoneMatch];
      const verdict = evaluateConditional('GET', request, lasting, this.entry.status, { now });
      this.#condition = ifNoneMatch;
      this.#conditionHolds = verdict === 'not-modified';
    }
    return this.#conditionHolds;
  }

  #print(found: Found, key: string, now: number, notModified: boolean): Printed | undefined {
    const { entry, form, body, fields, settings } = this;
    const outcome = storedOutcome(found, key, now);
    const told = { settings, headers: [], outcome, requestId: NO_ID, startedAt: now };
    const base = notModified ? notModifiedHeaders(fields.lasting(entry, form)) : undefined;
    const headers = fields.full(entry, form, told, base);
    const empty = notModified || entry.status === 204;
    if (!empty) headers.push('Content-Length', String(body.length));
    const head = notModified
      ? printHead(304, 'Not Modified', headers)
      : printHead(entry.status, entry.statusText, headers);
    if (head === undefined) return undefined;
    const status = notModified ? 304 : entry.status;
    const known = notModified ? this.#notModified : this.#full;
    const pieces = known?.reprinted(head) ?? layOut(head, empty ? undefined : body, this.joined);
    return new Printed(pieces, status, outcome, found, now);
  }
}

/** A head at the end of its room, and the body right behind it or apart. */
interface Pieces {
  readonly room: Buffer;
  /** Where the body begins in `room`, or its end. */
  readonly bodyAt: number;
  /** From the head's first byte to the end of `room`. */
  readonly view: Buffer;
  readonly idAt: number;
  readonly apart: Buffer | undefined;
  readonly bytes: number;
}

function layOut(head: string, body: Buffer | undefined, joined: boolean): Pieces {
  const bodyAt = SLACK + head.length;
  const behind = joined && body !== undefined ? body.length : 0;
  const room = Buffer.allocUnsafeSlow(bodyAt + behind);
  if (behind > 0) body!.copy(room, bodyAt);
  const apart = behind > 0 || body === undefined || body.length === 0 ? undefined : body;
  return written(head, { room, bodyAt, apart, bytes: body?.length ?? 0 });
}

function written(head: string, layout: Pick<Pieces, 'room' | 'bodyAt' | 'apart' | 'bytes'>): Pieces {
  const start = layout.bodyAt - head.length;
  layout.room.write(head, start, 'latin1');
  const view = layout.room.subarray(start);
  return { ...layout, view, idAt: head.lastIndexOf(NO_ID) };
}

class Printed implements Ready {
  readonly status: number;
  readonly bytes: number;
  readonly outcome: Outcome;
  readonly #pieces: Pieces;
  readonly #from: number;
  readonly #until: number;
  /** A write has not left all of these bytes with the kernel: nothing may be patched any more. */
  #inFlight = false;

  constructor(pieces: Pieces, status: number, outcome: Outcome, found: Found, now: number) {
    this.#pieces = pieces;
    this.status = status;
    this.bytes = pieces.bytes;
    this.outcome = outcome;
    this.#from = now;
    // Age counts up at whole seconds of the age, the lifetimes down at whole seconds of what is left.
    const age = ageAt(found.entry, now);
    this.#until = now + Math.min(1000 - (age % 1000), Math.floor(freshFor(found, now) % 1000) + 1);
  }

  /** Whether every number in it is still right and its bytes may be patched. */
  usable(found: Found, now: number): boolean {
    return !this.#inFlight && now < this.#until && now >= this.#from && this.outcome.served === found.tier;
  }

  /** The same pieces with another head, where that fits. */
  reprinted(head: string): Pieces | undefined {
    return this.#inFlight || head.length > this.#pieces.bodyAt ? undefined : written(head, this.#pieces);
  }

  send(socket: Socket, requestId: string): void {
    const { view, idAt, apart } = this.#pieces;
    view.write(requestId, idAt, 'latin1');
    if (apart === undefined) {
      socket.write(view);
    } else {
      socket.cork();
      socket.write(view);
      socket.write(apart);
      socket.uncork();
    }
    this.#inFlight = socket.writableLength > 0;
  }
}

/** Hop-by-hop fields that node:http writes by itself, and reads in what it is given (RFC 9110 section 7.6.1). */
const NODES_OWN = /^(?:connection|keep-alive|transfer-encoding|trailer|upgrade|proxy-connection)$/i;

/** A head as node:http prints it for a connection that stays open; undefined where it would refuse to, or print more. */
function printHead(status: number, text: string, headers: readonly string[]): string | undefined {
  let head = `HTTP/1.1 ${status} ${text}\r\n`;
  try {
    validateHeaderValue('status', text);
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i]!;
      const value = headers[i + 1]!;
      if (NODES_OWN.test(name)) return undefined;
      validateHeaderName(name);
      validateHeaderValue(name, value);
      head += `${name}: ${value}\r\n`;
    }
  } catch {
    return undefined;
  }
  return `${head}Connection: keep-alive\r\nKeep-Alive: timeout=${KEEP_ALIVE_SECONDS}\r\n\r\n`;
}

/** What the listener's `keepAliveTimeout` says, in seconds. */
export const KEEP_ALIVE_SECONDS = 75;
