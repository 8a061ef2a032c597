import type { JsonObject } from './random.js';

/** Keys that are refused when no list of accepted ones was given. */
const REFUSED: ReadonlySet<string> = new Set(['bad', 'invalid']);

/** Where a request may carry a key. */
export interface KeySources {
  readonly query: URLSearchParams;
  readonly body: JsonObject;
  readonly authorization: string | undefined;
}

/** The v3 key (query, or JSON body as moviedb-promise sends it), else the Bearer token, else undefined. */
export function keyOf({ query, body, authorization }: KeySources): string | undefined {
  const sent = query.get('api_key') || body.api_key;
  if (typeof sent === 'string' && sent !== '') return sent;
  return /^Bearer\s+(\S+)\s*$/i.exec(authorization ?? '')?.[1];
}

/** Whether a key is good: in `accepted` when given, else anything but `bad` and `invalid`. */
export function acceptsKey(key: string | undefined, accepted: ReadonlySet<string> | undefined): boolean {
  if (key === undefined) return false;
  return accepted ? accepted.has(key) : !REFUSED.has(key);
}
