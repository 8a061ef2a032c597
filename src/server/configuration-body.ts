import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Answer } from '../cache/answer.js';
import { inflated } from '../cache/inflate.js';
import { wholeBody } from '../cache/peek.js';
import { contentCodings } from '../http/content-coding.js';
import { field, fieldValue, hasField, type RawHeaders, withField, withoutFields } from '../http/headers.js';
import type { Entry } from '../tiers/entry.js';
import { FORWARDED_FIELDS } from './forwarded.js';

/** Where this proxy's images are for one client. */
export interface Base {
  /** Without a slash at its end. */
  readonly url: string;
  /** Told by fields of the request. */
  readonly varies: boolean;
}

type Raw = Extract<Answer, { kind: 'raw' }>;

/** TMDB's configuration is about 2 KB; what is longer than this is something else. */
export const MOST_BYTES = 64 * 1024;

const deflate = promisify(gzip);

/** Whether a response is JSON that may be changed (RFC 9110 section 7.7). */
export function isChangeable(status: number, headers: RawHeaders): boolean {
  if (status !== 200 || !/^\s*application\/json\b/i.test(field(headers, 'content-type') ?? '')) return false;
  return !/\bno-transform\b/i.test(fieldValue(headers, 'cache-control') ?? '');
}

/** A complete `/3/configuration` with its images at `base`, in the coding it had; undefined when it is none. */
export async function rewrittenEntry(entry: Entry, base: Base): Promise<Entry | undefined> {
  const { coding, status, headers, body, key } = entry;
  if (coding === 'other' || body.length > MOST_BYTES || !isChangeable(status, headers)) return undefined;
  const plain = coding === 'gzip' ? await inflated(body) : body;
  const text = plain && withImagesAt(plain, base);
  if (plain === undefined || text === undefined) return undefined;
  return {
    ...entry,
    // Decoded bodies are remembered by key.
    key: `${key} images=${base.url}`,
    headers: rewrittenFields(headers, plain, base),
    recoded: coding === 'gzip',
    body: coding === 'gzip' ? await deflate(text) : text,
  };
}

/** The same of what is not cached. `bytes`: all of its body. */
export async function rewrittenRaw(answer: Raw, bytes: Buffer, base: Base): Promise<Raw | undefined> {
  const { headers } = answer.head;
  const codings = contentCodings(headers);
  const gzipped = codings.length === 1 && codings[0] === 'gzip';
  if (codings.length > 0 && !gzipped) return undefined;
  const plain = gzipped ? await inflated(bytes) : bytes;
  const text = plain && withImagesAt(plain, base);
  if (plain === undefined || text === undefined) return undefined;
  const body = gzipped ? await deflate(text) : text;
  const fields = withField(rewrittenFields(headers, plain, base), 'Content-Length', String(body.length));
  return { ...answer, head: { ...answer.head, headers: fields }, body: wholeBody(body) };
}

/** Without its body the length cannot be known; the tag can, where it is made from TMDB's. */
export function rewrittenHead(answer: Raw, base: Base): Raw {
  const { headers } = answer.head;
  const fields = withoutFields(rewrittenFields(headers, undefined, base), CONTENT_LENGTH);
  return { ...answer, head: { ...answer.head, headers: fields } };
}

const CONTENT_LENGTH: ReadonlySet<string> = new Set(['content-length']);
/** They tell of the bytes as TMDB sent them. */
const OF_OTHER_BYTES: ReadonlySet<string> = new Set([
  'etag',
  'last-modified',
  'content-md5',
  'content-digest',
  'digest',
  'repr-digest',
]);

/** @param plain the bytes as they came; they make the ETag where TMDB sent none */
function rewrittenFields(headers: RawHeaders, plain: Buffer | undefined, base: Base): string[] {
  const fields = withoutFields(headers, OF_OTHER_BYTES);
  const version = field(headers, 'etag') ?? plain;
  if (version !== undefined) {
    const digest = createHash('sha256').update(version).update('\n').update(base.url).digest('base64url');
    fields.push('ETag', `W/"${digest.slice(0, 16)}"`);
  }
  if (!base.varies) return fields;
  const vary = hasField(fields, 'vary') ? `${fieldValue(fields, 'vary')}, ` : '';
  return withField(fields, 'Vary', vary + FORWARDED_FIELDS);
}

/** The same JSON value with its image hosts replaced; undefined when it is not what TMDB's configuration looks like. */
function withImagesAt(plain: Buffer, { url }: Base): Buffer | undefined {
  let value: { images?: Record<string, unknown> | null } | null;
  try {
    value = JSON.parse(plain.toString()) as typeof value;
  } catch {
    return undefined;
  }
  const images = value?.images;
  if (typeof images !== 'object' || images === null || typeof images.base_url !== 'string') return undefined;
  images.base_url = `${url}/t/p/`;
  // Both in the scheme we are reached by: an https that is made up would fail.
  images.secure_base_url = `${url}/t/p/`;
  return Buffer.from(JSON.stringify(value));
}
