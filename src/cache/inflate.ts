import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

const unzip = promisify(gunzip);

/** A small gzip body can hold a huge one; nothing TMDB sends comes near this. */
const MAX_INFLATED_BYTES = 64 * 1024 * 1024;

/** The plain bytes of a gzip body, off the event loop; undefined when it is damaged or grows beyond all reason. */
export function inflated(bytes: Buffer): Promise<Buffer | undefined> {
  return unzip(bytes, { maxOutputLength: MAX_INFLATED_BYTES }).catch(() => undefined);
}
