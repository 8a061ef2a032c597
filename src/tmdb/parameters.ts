import { decodedDeep } from './component.js';

/** What a query parameter means for sharing, decided by its name alone. */
export type ParameterRole = 'application-key' | 'secret' | 'personal' | 'append' | 'plain';

/**
 * `secret` is dropped: TMDB does not know the name, but people put their key there, and no credential may ever be in a
 * key. `personal` makes the request pass through (TMDB.md, Never shared; the v4 and login fields are there because a
 * request that carries one is somebody's in any case).
 */
const ROLES: ReadonlyMap<string, ParameterRole> = new Map<string, ParameterRole>([
  ['api_key', 'application-key'],
  ['apikey', 'secret'],
  ['session_id', 'personal'],
  ['guest_session_id', 'personal'],
  ['sessionid', 'personal'],
  ['request_token', 'personal'],
  ['access_token', 'personal'],
  ['authorization', 'personal'],
  ['username', 'personal'],
  ['password', 'personal'],
  ['append_to_response', 'append'],
]);

const PLAIN_NAME = /^[a-z_]+$/;

/** @param name in canonical spelling */
export function roleOf(name: string): ParameterRole {
  return ROLES.get(name) ?? (PLAIN_NAME.test(name) ? 'plain' : (ROLES.get(folded(name)) ?? 'plain'));
}

/** Case, brackets (`session_id[]`), punctuation and further encoding do not hide a name: the stricter reading wins. */
function folded(name: string): string {
  const text = decodedDeep(name).toLowerCase();
  const bracket = text.indexOf('[');
  return (bracket < 0 ? text : text.slice(0, bracket)).replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '');
}

/** Whether an `append_to_response` names the user's own state, which makes the whole body personal (TMDB.md). */
export function appendsPersonal(value: string): boolean {
  const text = value.includes('%') ? decodedDeep(value) : value;
  return /account_states/i.test(text);
}

/**
 * Whether something after `;` or `?` inside a pair could be read as a parameter of its own by a laxer reader, or was
 * meant as one by a client that joined its URL wrongly (`?language=de?api_key=…`). Such a value must not become a key.
 */
export function hidesParameter(pair: string): boolean {
  const parts = pair.split(/[;?]|%3b|%3f/i);
  for (let i = 1; i < parts.length; i += 1) {
    const part = decodedDeep(parts[i]!);
    const equals = part.indexOf('=');
    if (equals > 0 && roleOf(part.slice(0, equals)) !== 'plain') return true;
  }
  return false;
}
