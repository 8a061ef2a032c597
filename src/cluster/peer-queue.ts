import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { Endpoint } from '../config/config.js';
import type { DurableArea } from '../tiers/disk-types.js';
import { type Deliver, type PeerEvent, type PeerItem, PeerLine, type PeerStatus } from './peer-line.js';
import { fold, type PeerMessage } from './peer-message.js';

export interface PeerQueueParts {
  readonly peers: readonly Endpoint[];
  readonly serverId: string;
  readonly durable: DurableArea;
  readonly clock: Clock;
  readonly deliver: Deliver;
  readonly onEvent: (event: PeerEvent) => void;
}

/** An item as it lies on disk. Peers by their origin: no key is ever written. */
interface Stored extends Omit<PeerItem, 'text'> {
  readonly peers: readonly string[];
}

const EVERYTHING: PeerMessage = { kind: 'all', soft: false };
/** More than this for one peer becomes one purge of everything; it has been away for long (I-17). */
const MAX_ITEMS = 1000;
/** The same in bytes of messages. The durable areas of the smallest store hold 1 MiB in all. */
const MAX_BYTES = 512 * 1024;

/**
 * Tells other regions of this one's purges, for as long as it takes: kept on disk until every peer has answered, sent
 * to each in order. A peer that is away costs its own freshness and nobody else anything.
 */
export class PeerQueue {
  readonly #parts: PeerQueueParts;
  readonly #lines: readonly PeerLine[];
  #seq = 0;
  /** Writes of one item follow each other, or an older list of peers could overtake a newer one. */
  readonly #writes = new Map<number, Promise<void>>();

  constructor(parts: PeerQueueParts) {
    this.#parts = parts;
    const { clock, deliver, onEvent } = parts;
    this.#lines = parts.peers.map(
      (peer) =>
        new PeerLine({ peer, clock, deliver, onEvent, onDelivered: (item) => void this.#write(item) }),
    );
  }

  /** Takes up what an earlier run left. Call once, before the first `add`. */
  load(): void {
    const { durable, onEvent } = this.#parts;
    const known = new Map<PeerLine, PeerItem[]>(this.#lines.map((line) => [line, []]));
    const nobodys: PeerItem[] = [];
    for (const [key, value] of durable.entries()) {
      const seq = Number(key);
      this.#seq = Math.max(this.#seq, seq);
      const stored = readItem(value);
      if (stored === undefined)
        onEvent({ type: 'not-durable', error: new Error(`item ${key} is unreadable`) });
      // Which purge it was is lost, that there was one is not: everything goes rather than the wrong thing stays.
      const item =
        stored === undefined ? this.#item(EVERYTHING, seq) : this.#item(stored.message, seq, stored.id);
      const waiting = this.#lines.filter(({ peer }) => stored?.peers.includes(peer) ?? true);
      for (const line of waiting) known.get(line)?.push(item);
      if (waiting.length === 0) nobodys.push(item);
    }
    for (const [line, items] of known) line.resume(items);
    for (const item of nobodys) void this.#write(item); // of peers that are no longer configured
  }

  /**
   * Resolves once a restart would remember it; sending goes on in the background. `except`: peers (by origin) that
   * know already.
   */
  async add(messages: readonly PeerMessage[], except: ReadonlySet<string> = new Set()): Promise<void> {
    const lines = this.#lines.filter(({ peer }) => !except.has(peer));
    await Promise.all(messages.map((message) => this.#addOne(message, lines)));
  }

  status(): PeerStatus[] {
    return this.#lines.map((line) => line.status());
  }

  /** Stops sending; resolves when everything that was decided is on disk. */
  async close(): Promise<void> {
    for (const line of this.#lines) line.close();
    await Promise.all(this.#writes.values());
  }

  async #addOne(message: PeerMessage, lines: readonly PeerLine[]): Promise<void> {
    const item = this.#item(message);
    // The same purge, still unsent, will reach the peer later than now: it covers this one too.
    const lacking = lines.filter((line) => !line.unsent.some(({ text }) => text === item.text));
    if (lacking.length === 0) return;
    for (const line of lacking) line.add(item);
    const kept = this.#write(item);
    for (const line of lacking) if (isTooMuch(line.unsent)) await this.#fold(line);
    await kept;
  }

  async #fold(line: PeerLine): Promise<void> {
    const old = [...line.unsent];
    const item = this.#item(fold(old.map(({ message }) => message)));
    line.replaceUnsent(item);
    this.#parts.onEvent({ type: 'folded', peer: line.peer, items: old.length });
    await this.#write(item);
    await Promise.all(old.map((known) => this.#write(known)));
  }

  #item(message: PeerMessage, seq = ++this.#seq, id = `${this.#parts.serverId}:${randomUUID()}`): PeerItem {
    return { seq, id, message, text: JSON.stringify(message) };
  }

  /** Brings the item on disk in line with who is still to be told of it. Never rejects. */
  #write(item: PeerItem): Promise<void> {
    const { seq } = item;
    const before = this.#writes.get(seq) ?? Promise.resolve();
    const written = before
      .then(() => this.#writeNow(item))
      .catch((error: unknown) => this.#parts.onEvent({ type: 'not-durable', error }))
      .finally(() => {
        if (this.#writes.get(seq) === written) this.#writes.delete(seq);
      });
    this.#writes.set(seq, written);
    return written;
  }

  async #writeNow(item: PeerItem): Promise<void> {
    const { durable } = this.#parts;
    const peers = this.#lines.filter(({ items }) => items.includes(item)).map(({ peer }) => peer);
    const key = String(item.seq).padStart(16, '0');
    const { text: _, ...kept } = item;
    const stored: Stored = { ...kept, peers };
    if (peers.length === 0) await durable.remove(key);
    else await durable.put(key, Buffer.from(JSON.stringify(stored)));
  }
}

function isTooMuch(items: readonly PeerItem[]): boolean {
  if (items.length > MAX_ITEMS) return true;
  let bytes = 0;
  for (const { text } of items) bytes += text.length;
  return bytes > MAX_BYTES;
}

function readItem(value: Buffer): Stored | undefined {
  try {
    const read = JSON.parse(value.toString()) as Partial<Stored>;
    const whole = typeof read.seq === 'number' && typeof read.id === 'string' && Array.isArray(read.peers);
    return whole && read.message !== undefined ? (read as Stored) : undefined;
  } catch {
    return undefined; // told by the caller, which sends "everything" in its place
  }
}
