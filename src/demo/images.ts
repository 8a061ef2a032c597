import { createHash } from 'node:crypto';
import { encodeJpeg, paddedJpeg } from './jpeg.js';
import { encodePng } from './png.js';
import { hash32, Random } from './random.js';

/** What an image shows, which decides its proportions: a letter that is also the first one of its name. */
export type ImageKind = 'p' | 'b' | 'h' | 's' | 'l';

/** Pixels of the `original` of each kind: poster, backdrop, head (profile), still, logo. */
const ORIGINALS: Readonly<Record<ImageKind, readonly [width: number, height: number]>> = {
  p: [2000, 3000],
  b: [3840, 2160],
  h: [1000, 1500],
  s: [1920, 1080],
  l: [1000, 400],
};

/** TMDB's documented sizes and the undocumented ones that clients use. */
const SIZES: ReadonlySet<string> = new Set(
  'w45 w92 w154 w185 w200 w300 w342 w400 w500 w780 w1280 w1920 h632 w600_and_h900_bestv2 w235_and_h235_face w220_and_h330_face w533_and_h300_bestv2 original'.split(
    ' ',
  ),
);

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function nameOf(seed: string, plain: string): string {
  const random = new Random(`image:${seed}:${plain}`);
  const tail = Array.from({ length: 27 - plain.length }, () => random.pick([...LETTERS])).join('');
  return plain + tail;
}

/**
 * The path of an image as TMDB's bodies give it (`/p0000fa00….jpg`). The name tells kind, owner and number and
 * proves that the seed's catalogue made it, so that "missing file" needs no list of files.
 */
export function imagePath(seed: string, kind: ImageKind, owner: number, index: number): string {
  const plain = kind + owner.toString(36).padStart(7, '0') + index.toString(36).padStart(2, '0');
  const extension = kind === 'l' ? (index % 2 === 0 ? 'svg' : 'png') : 'jpg';
  return `/${nameOf(seed, plain)}.${extension}`;
}

/** `original` dimensions of a kind, as `images` bodies state them. */
export function originalSize(kind: ImageKind): { width: number; height: number; aspect: number } {
  const [width, height] = ORIGINALS[kind];
  return { width, height, aspect: Number((width / height).toFixed(3)) };
}

/** A drawn image file and the validators it is served with. */
export interface Picture {
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
  readonly lastModified: string;
}

function scaled(kind: ImageKind, size: string): [width: number, height: number] {
  const [fullWidth, fullHeight] = ORIGINALS[kind];
  const both = /^w(\d+)_and_h(\d+)_/.exec(size);
  if (both) return [Number(both[1]), Number(both[2])];
  const one = /^([wh])(\d+)$/.exec(size);
  if (!one) return [fullWidth, fullHeight];
  const wanted = Number(one[2]);
  // TMDB never enlarges.
  const factor = Math.min(1, wanted / (one[1] === 'w' ? fullWidth : fullHeight));
  return [Math.round(fullWidth * factor), Math.round(fullHeight * factor)];
}

function drawScene(seed: string, width: number, height: number): Buffer {
  const random = new Random(`scene:${seed}`);
  const sky: readonly number[] = [random.int(90, 200), random.int(80, 190), random.int(70, 185)];
  const glow: readonly number[] = [random.int(120, 235), random.int(80, 150), random.int(110, 190)];
  const sun = {
    x: random.decimal(0.2, 0.8, 2),
    y: random.decimal(0.15, 0.5, 2),
    r: random.decimal(0.1, 0.25, 2),
  };
  const ridges = [0.55, 0.68, 0.82].map((level) => ({
    level: level + random.decimal(-0.06, 0.06, 3),
    waves: random.decimal(4, 14, 2),
    phase: random.decimal(0, 6.28, 2),
  }));
  const ratio = height / width;
  return encodeJpeg({
    width,
    height,
    seed,
    density: random.decimal(3, 9, 2),
    paint: (x, y) => {
      for (let i = ridges.length - 1; i >= 0; i--) {
        const ridge = ridges[i]!;
        const edge =
          ridge.level + 0.05 * Math.sin(x * ridge.waves + ridge.phase) + 0.02 * Math.sin(x * 31 + i);
        if (y > edge)
          return [70 - i * 20 + (1 - y) * 30, 128 + (sky[1]! - 128) * 0.3, 128 + (sky[2]! - 128) * 0.2];
      }
      if (Math.hypot(x - sun.x, (y - sun.y) * ratio) < sun.r) return [230 - y * 40, glow[1]!, glow[2]!];
      const mix = Math.min(1, y * 1.4);
      return [
        sky[0]! + (glow[0]! - sky[0]!) * mix,
        sky[1]! + (glow[1]! - sky[1]!) * mix * 0.5,
        sky[2]! + (glow[2]! - sky[2]!) * mix * 0.5,
      ];
    },
  });
}

function drawLogo(seed: string, width: number, height: number): Buffer {
  const random = new Random(`logo:${seed}`);
  const colour = [random.int(30, 220), random.int(30, 220), random.int(30, 220)] as const;
  const middle = height / 2;
  const bars = random.int(3, 7);
  return encodePng(width, height, (x, y) => {
    const distance = Math.hypot(x - middle, y - middle) / middle;
    const ring = distance > 0.55 && distance < 0.9;
    const bar =
      x > height && Math.floor((x - height) / (width / 18)) % 2 === 0 && y > (height * (x % bars)) / 20;
    return ring || bar ? [...colour, 255] : [0, 0, 0, 0];
  });
}

function drawSvg(seed: string, width: number, height: number): Buffer {
  const random = new Random(`svg:${seed}`);
  const shapes = Array.from({ length: 24 }, (_, i) => {
    const points = Array.from({ length: 5 }, () => `${random.int(0, width)},${random.int(0, height)}`).join(
      ' ',
    );
    return `<polygon points="${points}" fill="hsl(${(random.int(0, 359) + i) % 360} 60% 50%)" opacity="0.4"/>`;
  });
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${shapes.join('')}</svg>\n`,
  );
}

const TYPES: Readonly<Record<string, string>> = { jpg: 'image/jpeg', png: 'image/png', svg: 'image/svg+xml' };

function drawNamed(name: string, extension: string, size: string): { type: string; body: Buffer } {
  const type = TYPES[extension]!;
  if (extension === 'svg') return { type, body: drawSvg(name, 1000, 400) };
  const [width, height] = scaled(extension === 'jpg' ? 'p' : 'l', size);
  return { type, body: extension === 'jpg' ? drawScene(name, width, height) : drawLogo(name, width, height) };
}

/** Draws images on demand and keeps the last ones drawn, at most `maxBytes` of them. */
export class Gallery {
  readonly #seed: string;
  readonly #maxBytes: number;
  readonly #kept = new Map<string, Picture>();
  #bytes = 0;

  constructor(seed: string, maxBytes = 48 * 1024 * 1024) {
    this.#seed = seed;
    this.#maxBytes = maxBytes;
  }

  /** Whether TMDB's image host would know the size (`w500`, `original`). */
  static knowsSize(size: string): boolean {
    return SIZES.has(size);
  }

  /**
   * The image at `/t/p/{size}/{file}`; undefined when there is no such file.
   * @param file name with extension; `sample.jpg` or `sample-<word>.jpg` (png, svg too) for an image that needs no
   *   look-up; `big-<N>mb.jpg` / `big-<N>kb.jpg` (original only) for a file of that size
   */
  picture(size: string, file: string): Picture | undefined {
    const key = `${size}/${file}`;
    const kept = this.#kept.get(key);
    if (kept) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return kept;
    }
    const drawn = this.#draw(size, file);
    if (!drawn) return undefined;
    const picture: Picture = {
      ...drawn,
      etag: `"${createHash('md5').update(drawn.body).digest('hex')}"`,
      lastModified: new Date(Date.UTC(2020, 0, 1) + (hash32(key) % 150_000) * 1_000_000).toUTCString(),
    };
    this.#keep(key, picture);
    return picture;
  }

  #draw(size: string, file: string): { type: string; body: Buffer } | undefined {
    const big = /^big-(\d{1,5})(mb|kb)\.jpg$/.exec(file);
    if (big && size === 'original') {
      const bytes = Number(big[1]) * (big[2] === 'mb' ? 1024 * 1024 : 1024);
      if (bytes < 8 * 1024 || bytes > 256 * 1024 * 1024) return undefined;
      return { type: 'image/jpeg', body: paddedJpeg(bytes, this.#seed) };
    }
    const named = /^(sample(?:-[a-z0-9]{1,20})?)\.(jpg|png|svg)$/.exec(file);
    if (named) return drawNamed(named[1]!, named[2]!, size);
    const parts = /^([pbhsl])([0-9a-z]{7})([0-9a-z]{2})[0-9A-Za-z]{17}\.(jpg|png|svg)$/.exec(file);
    const type = TYPES[parts?.[4] ?? ''];
    if (!parts || type === undefined) return undefined;
    const kind = parts[1] as ImageKind;
    const stem = file.slice(0, file.lastIndexOf('.'));
    if (stem !== nameOf(this.#seed, stem.slice(0, 10))) return undefined;
    const [width, height] = scaled(kind, size);
    if (kind !== 'l')
      return type === 'image/jpeg' ? { type, body: drawScene(stem, width, height) } : undefined;
    if (type === 'image/png') return { type, body: drawLogo(stem, width, height) };
    // A vector image has one form for all sizes, and only logos drawn as one have it.
    return type === 'image/svg+xml' && Number.parseInt(parts[3]!, 36) % 2 === 0
      ? { type, body: drawSvg(stem, 1000, 400) }
      : undefined;
  }

  #keep(key: string, picture: Picture): void {
    if (picture.body.length > this.#maxBytes) return;
    this.#kept.set(key, picture);
    this.#bytes += picture.body.length;
    for (const [oldest, { body }] of this.#kept) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#kept.delete(oldest);
      this.#bytes -= body.length;
    }
  }
}
