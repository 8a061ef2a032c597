import { createHash } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { DurableArea } from '../tiers/disk-types.js';
import { FEED_KINDS, perKind } from './status.js';
import type { FeedStore, Glance, Saved } from './store.js';

/** What the record says beside `Saved`. */
interface Head {
  readonly coverage: string;
  readonly date: number;
  readonly text: string;
  /** Clock of this machine at the last complete reading, ms since epoch; 0: none. */
  readonly at: number;
  readonly aliveMs: number;
  /** Which of the two sets of pieces belongs to it: the other one is overwritten next. */
  readonly set: number;
  readonly pieces: Readonly<Record<string, number>>;
  /** Of all pieces: a crash between them must not be taken for a reading. */
  readonly digest: string;
}

/** A value of a durable area has 64 KiB at most. */
const PIECE_BYTES = 60 * 1024;

/** Progress of a machine that is alone, in the disk store. Pieces are written before the record that names them. */
export class DurableFeedStore implements FeedStore {
  constructor(
    private readonly area: Pick<DurableArea, 'get' | 'put'>,
    private readonly clock: Clock,
  ) {}

  async look(): Promise<Glance | undefined> {
    const head = this.#head();
    if (head === undefined) return undefined;
    const { coverage, date, at, aliveMs } = head;
    const ageMs = this.clock.now() - at;
    // The clock was set back: nobody knows for how long nothing was read.
    if (at === 0 || ageMs < 0) return { coverage, date, ageMs: undefined, aliveMs: 0 };
    return { coverage, date, ageMs, aliveMs: Math.max(0, aliveMs - ageMs) };
  }

  async load(): Promise<Saved | undefined> {
    const head = this.#head();
    if (head === undefined) return undefined;
    const lists = perKind((kind) => {
      const count = head.pieces[kind] ?? 0;
      return Buffer.concat(
        Array.from({ length: count }, (_, i) => this.area.get(nameOf(kind, head.set, i)) ?? Buffer.alloc(0)),
      );
    });
    if (digestOf(lists) !== head.digest) return undefined;
    const { coverage, date, text } = head;
    return { coverage, date, text, lists };
  }

  async save(saved: Saved, aliveMs: number | undefined): Promise<boolean> {
    const before = this.#head();
    const { coverage, date, text, lists } = saved;
    if (before?.coverage === coverage && before.date > date) return false;
    const set = before?.set === 0 ? 1 : 0;
    const puts: Promise<void>[] = [];
    const pieces = perKind((kind) => {
      const count = Math.ceil(lists[kind].length / PIECE_BYTES);
      for (let i = 0; i < count; i++) {
        const piece = lists[kind].subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES);
        puts.push(this.area.put(nameOf(kind, set, i), piece));
      }
      return count;
    });
    await Promise.all(puts);
    const read = aliveMs !== undefined;
    const head: Head = {
      coverage,
      date,
      text,
      at: read ? this.clock.now() : (before?.at ?? 0),
      aliveMs: read ? aliveMs : (before?.aliveMs ?? 0),
      set,
      pieces,
      digest: digestOf(lists),
    };
    await this.area.put('state', Buffer.from(JSON.stringify(head)));
    return true;
  }

  #head(): Head | undefined {
    const bytes = this.area.get('state');
    if (bytes === undefined) return undefined;
    try {
      const head = JSON.parse(bytes.toString()) as Head;
      return typeof head.coverage === 'string' && Number.isFinite(head.date) && Number.isFinite(head.at)
        ? head
        : undefined;
    } catch {
      return undefined; // damaged: whoever asks begins anew
    }
  }
}

function nameOf(kind: string, set: number, piece: number): string {
  return `list:${kind}:${set}:${piece}`;
}

function digestOf(lists: Saved['lists']): string {
  const hash = createHash('sha256');
  for (const kind of FEED_KINDS) hash.update(`${lists[kind].length}:`).update(lists[kind]);
  return hash.digest('base64url');
}
