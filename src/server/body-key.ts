import { announcedLength, field, hasField } from '../http/headers.js';
import type { Exchange } from './exchange.js';

/** Longer ones are not looked at: what is written to TMDB is small. */
const MOST_BYTES = 64 * 1024;
const UNSAFE: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const JSON_TYPE = /^application\/(?:json|[^;\s]*\+json)\s*(?:;|$)/i;

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
 * may stand in it; undefined, and nothing read, where none may. Rejects when the client leaves meanwhile.
 */
export async function readBodyKey(exchange: Exchange): Promise<ReadBody | undefined> {
  const { method, headers, incoming } = exchange;
  if (!UNSAFE.has(method) || !JSON_TYPE.test(field(headers, 'content-type') ?? '')) return undefined;
  const length = announcedLength(headers) ?? 0;
  if (length === 0 || length > MOST_BYTES || hasField(headers, 'content-encoding')) return undefined;
  exchange.allowBody();
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  return { bytes, ...withoutKey(bytes) };
}

function withoutKey(bytes: Buffer): Pick<ReadBody, 'key' | 'rest'> {
  const value = parsed(bytes);
  if (value === undefined) return { key: undefined, rest: bytes };
  const { api_key: key, ...rest } = value;
  if (typeof key !== 'string' || key === '') return { key: undefined, rest: bytes };
  return { key, rest: Buffer.from(JSON.stringify(rest)) };
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
