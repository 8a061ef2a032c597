import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { peek } from '../cache/peek.js';
import type { OriginResponse } from '../origin/source.js';

/**
 * TMDB's codes for a key that it does not take: invalid (7), suspended (10). The other codes that come with 401 are about a
 * user, a session or a token of theirs (docs, "errors").
 */
const REFUSES_KEY: ReadonlySet<unknown> = new Set([7, 10]);
/** An envelope has some hundred bytes. */
const MAX_ENVELOPE_BYTES = 4096;
const MAX_PLAIN_BYTES = 16 * MAX_ENVELOPE_BYTES;

const decode = promisify(gunzip);

/**
 * Whether an answer refuses the key it was asked with, and by which code. `response` is the answer as it was: its body has
 * been looked at and is still all there.
 */
export async function refusalIn(
  response: OriginResponse,
): Promise<{ readonly code: number | undefined; readonly response: OriginResponse }> {
  const { start, whole, body } = await peek(response.body, MAX_ENVELOPE_BYTES);
  const code = whole ? codeIn(await plain(start)) : undefined;
  return { code: REFUSES_KEY.has(code) ? (code as number) : undefined, response: { ...response, body } };
}

/** By its first bytes: TMDB's CDN has sent gzip without saying so (TMDB.md, Responses). */
async function plain(bytes: Buffer): Promise<Buffer> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  return decode(bytes, { maxOutputLength: MAX_PLAIN_BYTES }).catch(() => Buffer.alloc(0));
}

function codeIn(body: Buffer): unknown {
  try {
    const said: unknown = JSON.parse(body.toString());
    return typeof said === 'object' && said !== null && 'status_code' in said ? said.status_code : undefined;
  } catch {
    return undefined;
  }
}
