/**
 * What a path alone says about sharing (TMDB.md, Never shared, never stored). TMDB's own headers do not protect these
 * answers (`account_states` comes back `public`), so the path decides before the response is seen. Where TMDB's reading
 * is unknown (case, suffixes such as `.json`, matrix parameters), the stricter one is taken: passing a shareable
 * request through costs a fetch, sharing a personal one costs a user's privacy.
 */
export type PathVerdict = 'side-effects' | 'personal-path';

/** First segment after the version. Prefixes on purpose: `/3/account` and everything that begins with it (CONTRACT.md). */
const PERSONAL_ROOT = /^\/[34]\/(?:account|auth|guest_session|list)/i;
/** Segments that are the asking user's own wherever they stand. */
const PERSONAL_SEGMENT = /\/(?:account_states|item_status)/i;
/** Anything below authentication creates or uses up a token or session; `clear` empties a list. Both are GETs. */
const SIDE_EFFECTS = /^\/[34]\/(?:auth[^/]*\/+[^/]|list[^/]*\/.*\/clear)/i;
const VALIDATES_LOGIN = /\/validate_with_login/i;

/** Cheap and wide: what it does not match is nobody's, since nearly every request takes this way. */
const SUSPECT = /^\/[34]\/(?:acc|aut|gue|lis)|account_states|item_status|validate_with|[%;]/i;

/** @param path a canonical API path */
export function pathVerdict(path: string): PathVerdict | undefined {
  if (!SUSPECT.test(path)) return undefined;
  const plain = path.includes('%') || path.includes(';') ? laxReading(path) : path;
  if (SIDE_EFFECTS.test(plain) || VALIDATES_LOGIN.test(plain)) return 'side-effects';
  if (PERSONAL_ROOT.test(plain) || PERSONAL_SEGMENT.test(plain)) return 'personal-path';
  return undefined;
}

/** The path as a lax server might read it: escapes decoded, matrix parameters cut off, what is then empty removed. */
function laxReading(path: string): string {
  return decodeURIComponent(path)
    .replace(/;[^/]*/g, '')
    .replace(/\/[\s!-.:-@[-`{-~]+/g, '/')
    .replace(/\/{2,}/g, '/');
}
