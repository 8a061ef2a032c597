/** Any JSON value; what the routes of the sample origin return as bodies. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** A 32-bit hash of a text: equal texts give equal numbers on every machine. */
export function hash32(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  // Without this last mixing, texts that differ only in their last character give neighbouring numbers.
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x68e31da4);
  return (h ^ (h >>> 16)) >>> 0;
}

/** `hash32` as eight lower-case hexadecimal digits. */
export function hex8(text: string): string {
  return hash32(text).toString(16).padStart(8, '0');
}

/** A repeatable stream of numbers: the same seed text gives the same stream. */
export class Random {
  #state: number;

  constructor(seed: string) {
    this.#state = hash32(seed);
  }

  /** A number in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 16), 0x21f0aaad);
    t = Math.imul(t ^ (t >>> 15), 0x735a2d97);
    return ((t ^ (t >>> 15)) >>> 0) / 0x1_0000_0000;
  }

  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** A number from `low` to `high` with `digits` decimals. */
  decimal(low: number, high: number, digits: number): number {
    return Number((low + this.next() * (high - low)).toFixed(digits));
  }

  /** One member of a list that must not be empty. */
  pick<T>(list: readonly T[]): T {
    const found = list[Math.floor(this.next() * list.length)];
    if (found === undefined) throw new RangeError('pick() from an empty list');
    return found;
  }

  /** Up to `count` different members, in the stream's order. */
  sample<T>(list: readonly T[], count: number): T[] {
    const wanted = Math.min(count, list.length);
    const chosen = new Set<number>();
    while (chosen.size < wanted) chosen.add(Math.floor(this.next() * list.length));
    return [...chosen].map((index) => list[index] as T);
  }

  /** Up to `count` different whole numbers from 1 to `highest`. */
  ids(highest: number, count: number): number[] {
    const chosen = new Set<number>();
    while (chosen.size < Math.min(count, highest)) chosen.add(this.int(1, highest));
    return [...chosen];
  }
}

/** A 24-digit id that names two numbers and can be checked, as credits and reviews have at TMDB. */
export function encodeOpaque(tag: string, first: number, second: number): string {
  const plain = tag + first.toString(16).padStart(7, '0') + second.toString(16).padStart(7, '0');
  return plain + hex8(`opaque:${plain}`).padStart(24 - plain.length, '0');
}

/** The two numbers of an id made by `encodeOpaque` with the same tag; undefined for any other text. */
export function decodeOpaque(tag: string, id: string): [number, number] | undefined {
  if (!id.startsWith(tag)) return undefined;
  const first = Number.parseInt(id.slice(tag.length, tag.length + 7), 16);
  const second = Number.parseInt(id.slice(tag.length + 7, tag.length + 14), 16);
  if (!(first >= 0 && second >= 0)) return undefined;
  return encodeOpaque(tag, first, second) === id ? [first, second] : undefined;
}
