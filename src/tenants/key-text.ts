import { createHash, randomBytes, randomInt } from 'node:crypto';

/** Tenant of those who send no key. */
export const ANONYMOUS = 'anonymous';

/** What a tenant may be allowed to ask for: the classes of what is shared, and `personal`, which is whatever passes through. */
export const CLASSES = ['image', 'detail', 'search', 'changes', 'static', 'other', 'personal'] as const;

const TENANT_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

export function isTenantName(text: string): boolean {
  return TENANT_NAME.test(text);
}

/** Keys made by people may be shorter than this, but are warned of: they can be guessed. */
export const SHORTEST_KEY = 16;

/**
 * SHA-256 of a key. A slow hash, as passwords need one, would only cost: our keys have 256 random bits, and every request
 * on the ordinary path hashes one.
 */
export function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** The digest as it stands in sets and files: 43 characters of base64url. */
export function hashOf(key: string): string {
  return digestOf(key).toString('base64url');
}

const PREFIX = 'sha256:';

/** `sha256:` and 43 characters of base64url, or 64 of hex; the digest as base64url, undefined of anything else. */
export function parseHash(text: string): string | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const digest = text.slice(PREFIX.length);
  if (/^[0-9a-fA-F]{64}$/.test(digest)) return Buffer.from(digest, 'hex').toString('base64url');
  if (!/^[A-Za-z0-9_-]{43}$/.test(digest)) return undefined;
  const bytes = Buffer.from(digest, 'base64url');
  return bytes.length === 32 ? bytes.toString('base64url') : undefined;
}

export function printHash(hash: string): string {
  return PREFIX + hash;
}

const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ';
const ALL = `${LETTERS}abcdefghijkmnopqrstuvwxyz23456789`;
const ID_LENGTH = 6;

/** How a key looks. `hex`: 32 digits as TMDB's v3 keys have, for clients that take no other (docs/clients.md). */
export type KeyForm = 'own' | 'hex';

/** A key that nobody has: `tcp_<id>_<256 random bits>`, or 128 bits in hex. Ids begin with a capital, so that none is a tenant's name. */
export function newKey(
  taken: ReadonlySet<string>,
  form: KeyForm = 'own',
): { readonly id: string; readonly key: string } {
  let id: string;
  do {
    id = LETTERS[randomInt(LETTERS.length)]!;
    while (id.length < ID_LENGTH) id += ALL[randomInt(ALL.length)]!;
  } while (taken.has(id));
  const key =
    form === 'hex' ? randomBytes(16).toString('hex') : `tcp_${id}_${randomBytes(32).toString('base64url')}`;
  return { id, key };
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;
const DAY_MS = 86_400_000;

/** A date, which holds to its end (UTC), or an instant of ISO 8601 with its zone; ms since epoch, undefined of anything else. */
export function parseDate(text: string): number | undefined {
  if (!DATE.test(text) && !INSTANT.test(text)) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) return undefined;
  if (!DATE.test(text)) return ms;
  // 31 February is read as 3 March.
  return new Date(ms).toISOString().startsWith(text) ? ms + DAY_MS : undefined;
}
