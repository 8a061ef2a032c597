import { Random } from './random.js';

/**
 * A baseline JPEG encoder that draws in the frequency domain: the picture is a function that gives each
 * 8x8 block one colour, the slopes between neighbouring blocks become the two lowest frequencies, and a
 * ready-made bit string of higher ones adds film grain. No pixel is ever computed, so that a 4K picture of
 * a megabyte costs some tens of milliseconds and a test can afford it.
 */

/** Every coefficient is divided by this before it is stored. */
const QUANTUM = 8;
/** A slope of one grey level a pixel, as the quantised lowest frequency: 1/4·√½·8·Σ(x−3.5)cos((2x+1)π/16) / QUANTUM. */
const SLOPE = -18.2 / QUANTUM;
const TEXTURES = 32;

interface Huffman {
  readonly bits: readonly number[];
  readonly symbols: readonly number[];
  readonly codes: Uint16Array;
  readonly lengths: Uint8Array;
}

/** Canonical code from groups of symbols that share a length. */
function huffman(groups: readonly (readonly [length: number, symbols: readonly number[]])[]): Huffman {
  const bits = new Array<number>(16).fill(0);
  const codes = new Uint16Array(256);
  const lengths = new Uint8Array(256);
  const symbols: number[] = [];
  let code = 0;
  let width = 0;
  for (const [length, members] of groups) {
    code <<= length - width;
    width = length;
    bits[length - 1] = members.length;
    for (const symbol of members) {
      codes[symbol] = code++;
      lengths[symbol] = length;
      symbols.push(symbol);
    }
  }
  return { bits, symbols, codes, lengths };
}

const END_OF_BLOCK = 0x00;
const AC_COMMON = [END_OF_BLOCK, 0x01, 0x02, 0x11];
const AC_FREQUENT = [0x03, 0x12, 0x21, 0x31, 0x04, 0x22, 0x41, 0x05];
const AC_SOME = [
  0x13, 0x51, 0x32, 0x61, 0x71, 0x14, 0x06, 0x42, 0x23, 0x81, 0x91, 0x52, 0x15, 0x33, 0xa1, 0xf0,
];
const AC_RARE = Array.from({ length: 160 }, (_, i) => (Math.floor(i / 10) << 4) | ((i % 10) + 1)).filter(
  (symbol) => ![...AC_COMMON, ...AC_FREQUENT, ...AC_SOME].includes(symbol),
);
// Own tables: the coefficients here are few and small, and no code may consist of ones only.
const AC = huffman([
  [3, AC_COMMON],
  [5, AC_FREQUENT],
  [7, AC_SOME],
  [11, AC_RARE],
]);
const DC = huffman([[4, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]]]);

function sizeOf(value: number): number {
  return 32 - Math.clz32(Math.abs(value));
}

function amplitude(value: number, size: number): number {
  return value < 0 ? value + (1 << size) - 1 : value;
}

/** A byte buffer that takes bits, and stuffs a zero after each 0xFF as JPEG demands. */
class BitWriter {
  #bytes: Buffer;
  #length = 0;
  #held = 0;
  #count = 0;

  constructor(estimate: number) {
    this.#bytes = Buffer.allocUnsafe(estimate);
  }

  put(code: number, length: number): void {
    this.#held = (this.#held << length) | code;
    this.#count += length;
    while (this.#count >= 8) {
      this.#count -= 8;
      const byte = (this.#held >>> this.#count) & 0xff;
      this.#push(byte);
      if (byte === 0xff) this.#push(0);
    }
    this.#held &= (1 << this.#count) - 1;
  }

  symbol(table: Huffman, symbol: number): void {
    this.put(table.codes[symbol]!, table.lengths[symbol]!);
  }

  /** One value after `run` zeros. */
  coefficient(run: number, value: number): void {
    const size = sizeOf(value);
    this.symbol(AC, (run << 4) | size);
    this.put(amplitude(value, size), size);
  }

  difference(value: number): void {
    const size = sizeOf(value);
    this.symbol(DC, size);
    if (size > 0) this.put(amplitude(value, size), size);
  }

  finish(): Buffer {
    if (this.#count > 0) this.put((1 << (8 - this.#count)) - 1, 8 - this.#count);
    return this.#bytes.subarray(0, this.#length);
  }

  #push(byte: number): void {
    if (this.#length === this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes], this.#bytes.length * 2);
    }
    this.#bytes[this.#length++] = byte;
  }
}

/** Grain for the frequencies from the fourth on, as (zeros before, value) pairs. */
function grain(seed: string, density: number): (readonly [run: number, value: number])[] {
  const random = new Random(seed);
  const pairs: (readonly [number, number])[] = [];
  let position = 3;
  const wanted = Math.round(density * random.decimal(0.6, 1.4, 2));
  while (pairs.length < wanted) {
    const run = random.next() < 0.6 ? 0 : random.int(1, 4);
    position += run + 1;
    if (position > 63) break;
    pairs.push([run, random.pick([1, -1, 1, -1, 2, -2, 3, -3])]);
  }
  return pairs;
}

function segment(marker: number, data: readonly number[] | Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([head, Buffer.from(data)]);
}

const START = Buffer.from([0xff, 0xd8]);
const END = Buffer.from([0xff, 0xd9]);
const JFIF = segment(0xe0, [0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]);

function heads(width: number, height: number): Buffer {
  const size = [height >> 8, height & 0xff, width >> 8, width & 0xff];
  return Buffer.concat([
    segment(0xdb, [0, ...new Array<number>(64).fill(QUANTUM)]),
    segment(0xc0, [8, ...size, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]),
    segment(0xc4, [0x00, ...DC.bits, ...DC.symbols]),
    segment(0xc4, [0x10, ...AC.bits, ...AC.symbols]),
    segment(0xda, [3, 1, 0, 2, 0, 3, 0, 0, 63, 0]),
  ]);
}

/** One block's colour: luma and the two chroma values, each 0 to 255. */
export type BlockColour = readonly [y: number, cb: number, cr: number];

/** What `encodeJpeg` draws. */
export interface JpegPicture {
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Chooses the grain. */
  readonly seed: string;
  /** Average number of grain coefficients a block: the file's size grows by about 6 bits for each. */
  readonly density: number;
  /** The colour at a place; x and y run from 0 to 1. */
  readonly paint: (x: number, y: number) => BlockColour;
}

/** A baseline JPEG file (8 bits, 4:4:4). */
export function encodeJpeg(picture: JpegPicture): Buffer {
  const { width, height, paint } = picture;
  const across = Math.ceil(width / 8);
  const down = Math.ceil(height / 8);
  const planes = [0, 1, 2].map(() => new Int16Array(across * down)) as [Int16Array, Int16Array, Int16Array];
  for (let row = 0, at = 0; row < down; row++) {
    for (let column = 0; column < across; column++, at++) {
      const colour = paint((column + 0.5) / across, (row + 0.5) / down);
      for (let plane = 0; plane < 3; plane++) {
        // With this quantum the mean of a block is its first coefficient.
        planes[plane as 0 | 1 | 2][at] = Math.max(-127, Math.min(127, Math.round(colour[plane]! - 128)));
      }
    }
  }
  const textures = Array.from({ length: TEXTURES }, (_, i) => grain(`${picture.seed}:${i}`, picture.density));
  const writer = new BitWriter(across * down * (8 + Math.ceil(picture.density)) + 64);
  const choose = new Random(`blocks:${picture.seed}`);
  const previous: [number, number, number] = [0, 0, 0];
  const [luma] = planes;
  for (let row = 0, at = 0; row < down; row++) {
    for (let column = 0; column < across; column++, at++) {
      for (const plane of [0, 1, 2] as const) {
        const mean = planes[plane][at]!;
        writer.difference(mean - previous[plane]);
        previous[plane] = mean;
        if (plane === 0) {
          const right = luma[column + 1 < across ? at + 1 : at]! - luma[column > 0 ? at - 1 : at]!;
          const below = luma[row + 1 < down ? at + across : at]! - luma[row > 0 ? at - across : at]!;
          const horizontal = Math.round((right / 16) * SLOPE);
          // Never zero, so that the run of the grain behind it is the same in every block.
          const vertical = Math.round((below / 16) * SLOPE) || 1;
          if (horizontal !== 0) writer.coefficient(0, horizontal);
          writer.coefficient(horizontal === 0 ? 1 : 0, vertical);
          for (const [run, value] of textures[Math.floor(choose.next() * TEXTURES)]!) {
            writer.coefficient(run, value);
          }
        }
        writer.symbol(AC, END_OF_BLOCK);
      }
    }
  }
  return Buffer.concat([START, JFIF, heads(width, height), writer.finish(), END]);
}

/** A decodable JPEG of exactly `bytes` bytes (at least 4 KiB): a small picture behind comments full of noise. */
export function paddedJpeg(bytes: number, seed: string): Buffer {
  const random = new Random(`padding:${seed}`);
  const noise = Buffer.alloc(65_533);
  for (let i = 0; i < noise.length; i++) noise[i] = random.int(0, 255);
  const picture = encodeJpeg({
    width: 64,
    height: 64,
    seed,
    density: 2,
    paint: (x, y) => [x * 255, 128, y * 255],
  });
  const whole = Buffer.alloc(bytes);
  let at = START.copy(whole);
  let left = bytes - picture.length;
  if (left < 4) throw new RangeError(`a padded JPEG of ${bytes} bytes has no room for its picture`);
  while (left > 0) {
    // A comment takes 4 bytes at least: what would leave 1 to 3 bytes for the next is shortened.
    let take = Math.min(left, 65_537);
    if (left - take > 0 && left - take < 4) take -= 4;
    whole.writeUInt16BE(0xfffe, at);
    whole.writeUInt16BE(take - 2, at + 2);
    noise.copy(whole, at + 4, 0, take - 4);
    at += take;
    left -= take;
  }
  picture.copy(whole, at, START.length);
  return whole;
}
