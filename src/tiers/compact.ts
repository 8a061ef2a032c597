import { Memo } from '../memo.js';
import type { Entry } from './entry.js';

/** Texts in the table; with texts of at most `LONGEST` characters it stays under 2 MB. */
const TEXTS = 4096;
const LONGEST = 256;

const NONE: readonly string[] = [];
const EMPTY = Buffer.alloc(0);

/** Gives one and the same string for equal ones that come often. */
export class Interner {
  readonly #known = new Memo<string>(TEXTS, () => 1);

  /** Texts held; some twice. */
  get size(): number {
    return this.#known.size;
  }

  has(text: string): boolean {
    return this.#known.has(text);
  }

  text(text: string): string {
    if (text.length > LONGEST) return ownText(text);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const own = ownText(text);
    this.#known.set(own, own);
    return own;
  }

  texts(texts: readonly string[]): readonly string[] {
    return texts.length === 0 ? NONE : texts.map((text) => this.text(text));
  }
}

const interner = new Interner();

/**
 * The same entry in the least memory: the body alone in its memory (I-18; what zlib and `Buffer.concat` give is part of a larger
 * block, which a body of 2 kB then keeps alive: 8 kB and more), texts that come in many entries once, and every entry of one
 * hidden class: one made by `{ ...head, body }` is a dictionary, 580 bytes larger and slower to read.
 * To be called where an entry is made, before anybody holds it.
 */
export function compact(entry: Entry): Entry {
  const key = ownText(entry.key);
  return {
    key,
    primaryKey: entry.primaryKey === entry.key ? key : interner.text(entry.primaryKey),
    status: entry.status,
    statusText: interner.text(entry.statusText),
    headers: interner.texts(entry.headers),
    coding: entry.coding,
    recoded: entry.recoded,
    class: interner.text(entry.class),
    tags: interner.texts(entry.tags),
    stamp: entry.stamp,
    storedAt: entry.storedAt,
    ageAtStore: entry.ageAtStore,
    lifetime: entry.lifetime,
    memoryFor: entry.memoryFor,
    staleWhileRevalidate: entry.staleWhileRevalidate,
    staleIfError: entry.staleIfError,
    vary: interner.texts(entry.vary),
    marker: entry.marker,
    body: ownBody(entry.body),
  };
}

/** Shorter ones are copied by V8 itself. */
const SLICED_FROM = 13;
const scratch = Buffer.allocUnsafeSlow(4096);

/**
 * The text in memory of its own. A part of a longer one (all that JSON.parse, `split` and `slice` give of 13 characters and more) keeps
 * the whole alive, which was 450 bytes for an entry decoded from L2. Texts beyond Latin-1, and such of more than 4096 characters, stay as they are.
 */
export function ownText(text: string): string {
  if (text.length < SLICED_FROM || text.length > scratch.length) return text;
  const copy = scratch.toString('latin1', 0, scratch.write(text, 'latin1'));
  return copy === text ? copy : text;
}

/** The bytes in memory of their own. */
export function ownBody(body: Buffer): Buffer {
  if (body.length === 0) return EMPTY;
  if (body.length === body.buffer.byteLength) return body;
  const own = Buffer.allocUnsafeSlow(body.length);
  body.copy(own);
  return own;
}
