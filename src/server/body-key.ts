import { ProxyError } from '../errors.js';
import { announcedLength, field, hasField } from '../http/headers.js';
import type { Exchange } from './exchange.js';

/** What is written to TMDB is small. */
const MOST_BYTES = 64 * 1024;
const UNSAFE: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const JSON_TYPE = /^application\/(?:json|[^;\s]*\+json)\s*(?:;|$)/i;
const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

/** A body that was read, and what stands in it as `api_key`. */
export interface ReadBody {
  /** As it came. */
  readonly bytes: Buffer;
  readonly key: string | undefined;
  /** Without that member. */
  readonly rest: Buffer;
}

/**
 * moviedb-promise writes `api_key` into the JSON body of POST and DELETE (TMDB.md, Clients). Reads the whole body where a key
 * may stand in it; undefined, and nothing read, where none may. One that can't be looked at is refused, since a key of ours in
 * it would go to TMDB. Rejects with a ProxyError then, and with another error when the client leaves meanwhile.
 */
export async function readBodyKey(exchange: Exchange): Promise<ReadBody | undefined> {
  const { method, headers } = exchange;
  const type = field(headers, 'content-type') ?? '';
  const isJson = JSON_TYPE.test(type);
  if (!UNSAFE.has(method) || !exchange.hasBody || !(isJson || FORM_TYPE.test(type))) return undefined;
  if (hasField(headers, 'content-encoding'))
    throw new ProxyError('body_coded', 'a body in a content coding can not be looked at for a key');
  if ((announcedLength(headers) ?? 0) > MOST_BYTES) throw tooLarge();
  exchange.allowBody();
  const bytes = await whole(exchange);
  return { bytes, ...(isJson ? withoutJsonKey(bytes) : withoutFormKey(bytes)) };
}

async function whole({ incoming }: Exchange): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Destroying what is left of the body would take the connection with it, on which the refusal is to be told.
  for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length > MOST_BYTES) throw tooLarge();
  }
  return Buffer.concat(chunks);
}

function tooLarge(): ProxyError {
  return new ProxyError('body_too_large', 'the body is too large to be looked at for a key');
}

function withoutJsonKey(bytes: Buffer): Pick<ReadBody, 'key' | 'rest'> {
  const value = parsed(bytes);
  if (value === undefined) return { key: undefined, rest: bytes };
  const { api_key: key, ...rest } = value;
  if (typeof key !== 'string' || key === '') return { key: undefined, rest: bytes };
  return { key, rest: Buffer.from(JSON.stringify(rest)) };
}

function withoutFormKey(bytes: Buffer): Pick<ReadBody, 'key' | 'rest'> {
  const pairs = bytes.toString('latin1').split('&');
  const keyIn = (pair: string) => new URLSearchParams(pair).get('api_key') ?? '';
  const key = pairs.map(keyIn).find((value) => value !== '');
  if (key === undefined) return { key, rest: bytes };
  return { key, rest: Buffer.from(pairs.filter((pair) => keyIn(pair) !== key).join('&'), 'latin1') };
}

/** Undefined of what is no JSON object. */
function parsed(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
