import type { BodyFault } from '../cache/site.js';
import { field, type RawHeaders } from '../http/headers.js';
import { matchesImageType } from '../http/image-magic.js';
import { isJsonType, isObject, parseJson } from './json.js';

/** The codes with which TMDB says that a resource does not exist (34), its parent (6) or its session (37) does not. */
const NOT_FOUND_CODES: ReadonlySet<unknown> = new Set([6, 34, 37]);

/**
 * Why a complete API body may not be stored although its head looked storable. Some errors arrive with HTTP 200, and
 * code 25 (rate limit) with other statuses than 429, so the body has the last word: a 2xx must not be an envelope, and
 * a 404 must be one that says "not found" (TMDB.md, Responses).
 */
export function apiFault(
  status: number,
  headers: RawHeaders,
  body: Buffer,
  parse: (body: Buffer) => unknown = parseJson,
): BodyFault | undefined {
  if (status !== 404 && (status < 200 || status > 299)) return undefined;
  const type = field(headers, 'content-type');
  if (type !== undefined && !isJsonType(type)) return 'error-envelope';
  const value = parse(body);
  if (value === undefined) return 'truncated';
  if (status === 404) return saysNotFound(value) ? undefined : 'error-envelope';
  return isEnvelope(value) ? 'error-envelope' : undefined;
}

/** Whether a body is TMDB's envelope for what does not exist. */
export function saysNotFound(value: unknown): boolean {
  return isObject(value) && NOT_FOUND_CODES.has(value.status_code);
}

/** `success:false` or a numeric `status_code` at the top level; deeper down they belong to the resource. */
function isEnvelope(value: unknown): boolean {
  return isObject(value) && (value.success === false || typeof value.status_code === 'number');
}

/** Why a complete image body may not be stored. Errors (a wrong size, a missing file) are not images and are negative. */
export function imageFault(status: number, headers: RawHeaders, body: Buffer): BodyFault | undefined {
  if (status < 200 || status > 299) return undefined;
  return matchesImageType(field(headers, 'content-type') ?? '', body) ? undefined : 'not-an-image';
}
