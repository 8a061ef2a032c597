import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { Socket } from 'node:net';
import { type Found, freshFor } from '../cache/lookup.js';
import type { Outcome } from '../cache/outcome.js';
import { ageAt } from '../tiers/entry.js';
import { LIMITS } from './limits.js';
import type { Outgoing } from './outgoing.js';
import { whenTaken } from './when-taken.js';

/** Placeholder of the request's id in a printed head, as long as every id made here. */
export const NO_ID = '00000000-0000-0000-0000-000000000000';
/** Room in front of a joined head, for when its numbers grow, bytes. */
const SLACK = 32;

/** A head at the end of its room, and the body right behind it or apart. */
export interface Pieces {
  readonly room: Buffer;
  /** Where the body begins in `room`, or its end. */
  readonly bodyAt: number;
  /** From the head's first byte to the end of `room`. */
  readonly view: Buffer;
  readonly idAt: number;
  /** Weak: whoever is about to send it holds the entry, and nothing here keeps bodies alive that are counted elsewhere. */
  readonly apart: WeakRef<Buffer> | undefined;
  readonly bytes: number;
}

/** Lays out a response; `joined`: with a copy of the body behind the head. */
export function layOut(head: string, body: Buffer | undefined, joined: boolean): Pieces {
  const bodyAt = SLACK + head.length;
  const behind = joined && body !== undefined ? body.length : 0;
  const room = Buffer.allocUnsafeSlow(bodyAt + behind);
  if (behind > 0) body!.copy(room, bodyAt);
  const apart = behind > 0 || body === undefined || body.length === 0 ? undefined : new WeakRef(body);
  return written(head, { room, bodyAt, apart, bytes: body?.length ?? 0 });
}

function written(head: string, layout: Pick<Pieces, 'room' | 'bodyAt' | 'apart' | 'bytes'>): Pieces {
  const start = layout.bodyAt - head.length;
  layout.room.write(head, start, 'latin1');
  const view = layout.room.subarray(start);
  return { ...layout, view, idAt: head.lastIndexOf(NO_ID) };
}

/**
 * A response as the bytes it is on the wire, good until a number in it changes. They are patched in place, so they are used
 * again only when the last write has left them all with the kernel.
 */
export class Printed {
  readonly status: number;
  /** Bytes of the body. */
  readonly bytes: number;
  readonly outcome: Outcome;
  /** As its head says it, seconds. */
  readonly age: number;
  readonly #pieces: Pieces;
  readonly #outgoing: Outgoing;
  readonly #from: number;
  readonly #until: number;
  /** A write has not left all of these bytes with the kernel: nothing may be patched any more. */
  #inFlight = false;

  /** `dated`: the head says what time it is. */
  constructor(
    pieces: Pieces,
    status: number,
    outcome: Outcome,
    found: Found,
    now: number,
    dated: boolean,
    outgoing: Outgoing,
  ) {
    this.#pieces = pieces;
    this.#outgoing = outgoing;
    this.status = status;
    this.bytes = pieces.bytes;
    this.outcome = outcome;
    this.#from = now;
    // Age counts up at whole seconds of the age, the lifetimes down at whole seconds of what is left.
    const age = ageAt(found.entry, now);
    this.age = Math.floor(age / 1000);
    const turns = Math.min(1000 - (age % 1000), Math.floor(freshFor(found, now) % 1000) + 1);
    this.#until = now + (dated ? Math.min(turns, 1000 - (now % 1000)) : turns);
  }

  get inFlight(): boolean {
    return this.#inFlight;
  }

  /** Whether a copy of the body stands behind the head. */
  get isJoined(): boolean {
    return this.#pieces.room.length > this.#pieces.bodyAt;
  }

  /** Whether every number in it is still right, its bytes may be patched, and its body is still there. */
  usable(found: Found, now: number): boolean {
    const { apart } = this.#pieces;
    return (
      !this.#inFlight &&
      now < this.#until &&
      now >= this.#from &&
      this.outcome.served === found.tier &&
      (apart === undefined || apart.deref() !== undefined)
    );
  }

  /** The same pieces with another head, where that fits. */
  reprinted(head: string): Pieces | undefined {
    const { apart, bodyAt } = this.#pieces;
    const isGone = apart !== undefined && apart.deref() === undefined;
    return this.#inFlight || isGone || head.length > bodyAt ? undefined : written(head, this.#pieces);
  }

  /** Writes it. In the turn in which it was asked for: then its body, where that is apart, is there. */
  send(socket: Socket, requestId: string): void {
    const { view, idAt, apart } = this.#pieces;
    const body = apart?.deref();
    const isPatched = requestId.length === NO_ID.length;
    if (isPatched) view.write(requestId, idAt, 'latin1');
    if (isPatched && body === undefined) {
      socket.write(view);
    } else {
      socket.cork();
      if (isPatched) socket.write(view);
      else writeAround(socket, view, idAt, requestId);
      if (body !== undefined) socket.write(body);
      socket.uncork();
    }
    if (socket.writableLength === 0) return;
    this.#inFlight = true;
    const taken = this.#outgoing.hold(socket, body ?? view);
    whenTaken(socket, () => {
      this.#inFlight = false;
      taken();
    });
  }
}

/** An id of a client's that is of another length than ours. */
function writeAround(socket: Socket, view: Buffer, idAt: number, requestId: string): void {
  socket.write(view.subarray(0, idAt));
  socket.write(requestId, 'latin1');
  socket.write(view.subarray(idAt + NO_ID.length));
}

/** Hop-by-hop fields that node:http writes by itself, and reads in what it is given (RFC 9110 section 7.6.1). */
const NODES_OWN = /^(?:connection|keep-alive|transfer-encoding|trailer|upgrade|proxy-connection)$/i;
const KEEP_ALIVE = `Connection: keep-alive\r\nKeep-Alive: timeout=${LIMITS.keepAliveTimeout / 1000}\r\n\r\n`;

/** A head as node:http prints it for a connection that stays open; undefined where it would refuse to, or print more. */
export function printHead(status: number, text: string, headers: readonly string[]): string | undefined {
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
  return head + KEEP_ALIVE;
}
