import { hasField, type RawHeaders } from '../http/headers.js';

/** Content coding of stored bytes. Anything but these two is kept as it came and never transformed. */
export type StoredCoding = 'identity' | 'gzip' | 'other';

/**
 * Everything about one stored response but its bytes. Times are ms of this machine's clock; durations are ms.
 * Freshness follows RFC 9111 section 4.2: `age(now) = ageAtStore + (now - storedAt)`, fresh while `age < lifetime`.
 */
export interface EntryHead {
  /** Full key: the primary key, or the primary key and a secondary part chosen by `Vary`. */
  readonly key: string;
  /** What a purge by key names; equals `key` unless this is a variant. */
  readonly primaryKey: string;
  readonly status: number;
  readonly statusText: string;
  /** End-to-end fields as they came. Length and coding of the stored bytes are told by `coding` and the body. */
  readonly headers: RawHeaders;
  readonly coding: StoredCoding;
  /** True when this proxy, not the origin, made the stored coding: a strong ETag is then weakened on delivery. */
  readonly recoded: boolean;
  /** Class that chose the lifetimes (site policy's name for what the response is). */
  readonly class: string;
  readonly tags: readonly string[];
  /** Purge clock when the fill began; a purge with a later number invalidates this entry (docs/adr/0002). */
  readonly stamp: number;
  readonly storedAt: number;
  readonly ageAtStore: number;
  readonly lifetime: number;
  /** How long a process may answer from memory before it looks at L2 again. */
  readonly memoryFor: number;
  /** Windows after `lifetime` (RFC 5861); 0 when staleness is forbidden. */
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
  /** Field names of `Vary`, lower-case and sorted, when this is a variant or a marker. */
  readonly vary: readonly string[];
  /** A marker has no body: it tells which request fields choose among the variants of its key. */
  readonly marker: boolean;
}

/** One stored response. The body owns its memory and is never mutated (I-18). */
export interface Entry extends EntryHead {
  readonly body: Buffer;
}

/** Age in ms at `now`: current_age of RFC 9111 section 4.2.3. A clock that went back does not make a response younger. */
export function ageAt(
  { ageAtStore, storedAt }: Pick<EntryHead, 'ageAtStore' | 'storedAt'>,
  now: number,
): number {
  return ageAtStore + Math.max(0, now - storedAt);
}

/** When the entry stops being fresh, ms since epoch. */
export function freshUntil(entry: EntryHead): number {
  return entry.storedAt - entry.ageAtStore + entry.lifetime;
}

/** What has a validator is kept for at least this long, also when it can't be served: it saves the body of an answer, ms. */
export const VALIDATED_MS = 3600 * 1000;

/**
 * Until when the entry is of use, ms since epoch: from then on it is neither fresh nor within a stale window, nor worth
 * validating (RFC 9111 section 4.3).
 */
export function usefulUntil(entry: EntryHead): number {
  const served = freshUntil(entry) + Math.max(entry.staleWhileRevalidate, entry.staleIfError);
  const validated = hasField(entry.headers, 'etag') || hasField(entry.headers, 'last-modified');
  return validated ? Math.max(served, entry.storedAt + VALIDATED_MS) : served;
}

/**
 * What soon says something wrong: that a title does not exist, what has changed lately, what a search finds. It is kept for as
 * long as it is of use and no longer.
 */
const FLEETING: ReadonlySet<string> = new Set(['negative', 'changes', 'search']);

/**
 * When a store may drop the entry, ms since epoch. For `keepMs` from when the origin answered, an answer is kept beyond its
 * use, for when there is no origin to ask (OFFLINE, an open breaker).
 */
export function keptUntil(entry: EntryHead, keepMs: number): number {
  const useful = usefulUntil(entry);
  if (keepMs === 0 || entry.status !== 200 || FLEETING.has(entry.class)) return useful;
  return Math.max(useful, entry.storedAt - entry.ageAtStore + keepMs);
}

/** Separates the primary key from the part chosen by `Vary`: a line feed can't occur in a key. */
export const VARIANT_SEPARATOR = '\n';

/** The primary key within any key: of a variant what stands before the separator, else the key itself. */
export function primaryKeyOf(key: string): string {
  const end = key.indexOf(VARIANT_SEPARATOR);
  return end < 0 ? key : key.slice(0, end);
}
