import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(typed.length + 8);
  framed.writeUInt32BE(data.length, 0);
  typed.copy(framed, 4);
  framed.writeUInt32BE(crc32(typed), typed.length + 4);
  return framed;
}

/** The colour of one pixel: red, green, blue, alpha, each 0 to 255. */
export type Pixel = readonly [red: number, green: number, blue: number, alpha: number];

/**
 * A PNG file (8 bits, RGBA, not interlaced).
 * @param width pixels
 * @param height pixels
 * @param paint gives the pixel at x, y
 */
export function encodePng(width: number, height: number, paint: (x: number, y: number) => Pixel): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 6, 0, 0, 0], 8);
  const stride = width * 4 + 1; // each row begins with its filter type, here always 0 (none)
  const rows = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows.set(paint(x, y), y * stride + 1 + x * 4);
  }
  const data = deflateSync(rows, { level: 3 });
  return Buffer.concat([SIGNATURE, chunk('IHDR', head), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}
