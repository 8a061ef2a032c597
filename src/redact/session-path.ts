import { canonicalPath } from '../tmdb/path.js';
import { MASK } from './mask.js';

/** Any spelling that some reader would take for it, percent-encoded as often as you like. */
const NAME = [...'guest_session'].map(loose).join('');
const ANYWHERE = new RegExp(NAME, 'i');
const AND_BEHIND = new RegExp(`${NAME}.*`, 'is');
/** `/3/guest_session/{id}/rated/movies`: the id is the credential. */
const IN_PATH = /(guest_session\/)(?!new(?:\/|$))[^/]+/gi;
/** Before the path of an absolute URL. */
const AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;

/**
 * The address (no query) without ids of guest sessions. Where it holds one it comes back as the router reads it, since only that
 * tells which segment the id is: `//`, dot segments and escapes make every other reading a guess. What the router refuses ends
 * behind the name.
 */
export function hideSessions(address: string): string {
  const named = ANYWHERE.test(address);
  if (!named && !(address.includes('%') && ANYWHERE.test(decodedThrough(address)))) return address;
  const [authority = ''] = AUTHORITY.exec(address) ?? [];
  const path = canonicalPath(address.slice(authority.length));
  if (typeof path === 'string') return authority + path.replace(IN_PATH, `$1${MASK}`);
  return named ? address.replace(AND_BEHIND, `guest_session${MASK}`) : `${authority}/${MASK}`;
}

/** Decoded until nothing is left to decode; malformed escapes stay. In one pass: whoever escapes thousands of times makes nobody wait. */
export function decodedThrough(text: string): string {
  const from = text.indexOf('%');
  if (from < 0) return text;
  const done: string[] = [];
  for (let i = from; i < text.length; i++) {
    let next = text[i]!;
    // What an escape stands for may be the end of another one.
    for (let n = done.length; n > 1 && done[n - 2] === '%' && isHex(done[n - 1]!) && isHex(next); n -= 2) {
      next = String.fromCharCode(Number.parseInt(done[n - 1]! + next, 16));
      done.length = n - 2;
    }
    done.push(next);
  }
  return text.slice(0, from) + done.join('');
}

function isHex(character: string): boolean {
  return /^[0-9a-f]$/i.test(character);
}

function loose(character: string): string {
  const code = character.charCodeAt(0).toString(16);
  const capital = character.toUpperCase().charCodeAt(0).toString(16);
  return `(?:${character}|%(?:25)*(?:${code}|${capital}))`;
}
