import { MASK } from './mask.js';
import { decodedThrough, hideSessions } from './session-path.js';

/**
 * Keeps credentials out of whatever people read: logs, errors, metrics, pages (CONTRACT: none of them "ever contains
 * an API key, a session id, an upstream credential or a Redis password"). Two kinds exist: those we know because they
 * were configured, and those of clients, which are only recognisable by where they stand.
 */

export { MASK };

/** Parameters whose value is a credential, TMDB's and the usual ones (TMDB.md, Hosts and authentication). */
const SENSITIVE_NAMES: ReadonlySet<string> = new Set([
  'api_key',
  'apikey',
  'x_api_key',
  'session_id',
  'guest_session_id',
  'request_token',
  'access_token',
  'password',
  'authorization',
]);

/** Credentials of other APIs, as parameters. Properties of log lines may have these names and be no secret. */
const SENSITIVE_PARAMETERS: ReadonlySet<string> = new Set(['token', 'secret', 'access_key', 'key', 'auth']);

/** The same names inside text, where an underscore may be percent-encoded. Longer names come first. */
const NAMES_IN_TEXT =
  '(?:guest(?:_|%5f)session(?:_|%5f)id|session(?:_|%5f)id|request(?:_|%5f)token|access(?:_|%5f)token|api(?:_|-|%5f)?key|password)';

/** One pass that tells ordinary text apart, so that the replacements below seldom run. */
const SUSPICIOUS = /key|session|token|password|bearer|basic|tcp(?:_|%5f)|:\/\//i;

/** `name=value` of queries and forms, also when the query is itself an encoded parameter. */
const ASSIGNED = new RegExp(
  `(${NAMES_IN_TEXT}(?:=|%3d|%253d))(?:(?!%26|%2526)[^\\s"'\`&;,<>\\\\(){}\\[\\]])+`,
  'gi',
);
/** `"name": "value"` of JSON, JSON within a string, and `util.inspect`. */
const QUOTED = new RegExp(`(${NAMES_IN_TEXT}\\\\*["']?\\s*:\\s*\\\\*["'])[^"'\\\\]+`, 'gi');
const AUTHORIZATION = /\b(bearer|basic)(\s+)[A-Za-z0-9._~+/=-]{8,}/gi;
/** Begins behind the scheme: looking for one took seconds of a long word. */
const USERINFO = /(:\/\/)[^\s/?#"'\\]*@/g;
/** Proxy keys that this program made: recognisable anywhere. Their id stays, by which an operator can revoke one. */
const PROXY_KEY = /(tcp(?:_|%5f)[A-Za-z0-9]+(?:_|%5f))[A-Za-z0-9_%-]{16,}/gi;
/** `/3/guest_session/{id}/rated/movies` in text: the id is the credential. */
const GUEST_SESSION_PATH =
  /(guest(?:_|%(?:25)*5f)session(?:\/|%(?:25)*2f)+(?:\.{1,2}\/+)*)(?!new(?![\w.~%-]))[^\s/?#"'\\]+/gi;

/** Below this, replacing every occurrence would make text unreadable without hiding anything that is one. */
const SHORTEST_SECRET = 4;

/** Replaces credentials in any text. Idempotent. */
export type Scrubber = (text: string) => string;

/**
 * A scrubber for these secrets and everything recognisable as a credential by its place. Ordinary text costs one or
 * two regular-expression scans and is returned as the same string.
 */
export function makeScrubber(secrets: Iterable<string>): Scrubber {
  const known = knownSecrets(secrets);
  return (text) => {
    const cleaned = known === undefined ? text : text.replace(known, MASK);
    return SUSPICIOUS.test(cleaned) ? scrubPlaces(cleaned) : cleaned;
  };
}

/** A scrubber that is told of further secrets. It forgets none: what has been replaced may still turn up in what is under way. */
export class GrowingScrubber {
  readonly #secrets: Set<string>;
  #scrub: Scrubber;

  constructor(secrets: Iterable<string>) {
    this.#secrets = new Set(secrets);
    this.#scrub = makeScrubber(this.#secrets);
  }

  readonly scrub: Scrubber = (text) => this.#scrub(text);

  /** Whether one of the secrets is in this text. */
  readonly finds = (text: string): boolean => {
    for (const secret of this.#secrets)
      if (text.includes(secret) || text.includes(encodeURIComponent(secret))) return true;
    return false;
  };

  add(secrets: Iterable<string>): void {
    const before = this.#secrets.size;
    for (const secret of secrets) this.#secrets.add(secret);
    if (this.#secrets.size > before) this.#scrub = makeScrubber(this.#secrets);
  }
}

/** True when this is a parameter, field or property whose value must not be shown. */
export function isSensitiveName(name: string): boolean {
  return SENSITIVE_NAMES.has(plainName(name));
}

function isSensitiveParameter(name: string): boolean {
  const plain = plainName(decode(name).trim());
  return SENSITIVE_NAMES.has(plain) || SENSITIVE_PARAMETERS.has(plain);
}

/** `session_id[]`, `Session-Id`: brackets, case and punctuation do not make it another name. */
function plainName(name: string): string {
  return name
    .toLowerCase()
    .replace(/\[.*$/s, '')
    .replace(/[^a-z0-9]+/g, '_');
}

/**
 * The URL (absolute or origin-form) without credentials: masks userinfo, guest session ids in the path, the values
 * of credential parameters, and every value equal to a known secret. The rest stays byte for byte, so that a logged
 * path can be compared with what the client sent; a path with a guest session id is in the form in which the router reads it.
 */
export function sanitizeUrl(url: string, secrets?: ReadonlySet<string>): string {
  const end = url.search(/[?#]/);
  if (end === -1) return scrubAddress(url);
  // No origin-form target has a fragment; one that comes all the same must not carry what a query may not.
  const pairs = url.slice(end).split(/([?&#])/);
  return scrubAddress(url.slice(0, end)) + pairs.map((pair) => sanitizePair(pair, secrets)).join('');
}

function scrubAddress(address: string): string {
  if (!ADDRESS.test(address)) return address;
  return hideSessions(address.replace(PROXY_KEY, `$1${MASK}`).replace(USERINFO, `$1${MASK}@`));
}

/** What of an address may have to be masked. */
const ADDRESS = /@|%|guest_session|tcp_/i;

function sanitizePair(pair: string, secrets: ReadonlySet<string> | undefined): string {
  if (pair.length < 2) return pair; // what separates them, thousands of times if a client likes
  const equals = pair.indexOf('=');
  if (equals === -1) return sanitizeBare(pair, secrets);
  const value = pair.slice(equals + 1);
  if (value === '') return pair;
  const name = pair.slice(0, equals);
  if (isSensitiveParameter(name)) return `${name}=${MASK}`;
  const plain = decode(value);
  if (secrets?.has(plain) || secrets?.has(value)) return `${name}=${MASK}`;
  // A whole URL or query may be the value of another parameter, or follow a `;` that some servers read as `&`.
  return holdsCredential(plain) ? `${name}=${MASK}` : pair;
}

function sanitizeBare(text: string, secrets: ReadonlySet<string> | undefined): string {
  const plain = decode(text);
  if (secrets?.has(plain)) return MASK;
  const cleaned = text.replace(PROXY_KEY, `$1${MASK}`);
  return holdsCredential(cleaned === text ? plain : cleaned) ? MASK : cleaned;
}

function holdsCredential(text: string): boolean {
  const open = text.includes('%') ? decodedThrough(text) : text;
  return SUSPICIOUS.test(open) && scrubPlaces(open) !== open;
}

function scrubPlaces(text: string): string {
  return text
    .replace(PROXY_KEY, `$1${MASK}`)
    .replace(ASSIGNED, `$1${MASK}`)
    .replace(QUOTED, `$1${MASK}`)
    .replace(AUTHORIZATION, `$1$2${MASK}`)
    .replace(USERINFO, `$1${MASK}@`)
    .replace(GUEST_SESSION_PATH, `$1${MASK}`);
}

/** One expression for all secrets in every spelling they take in text; undefined when there are none. */
function knownSecrets(secrets: Iterable<string>): RegExp | undefined {
  const spellings = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < SHORTEST_SECRET) continue;
    const encoded = encodeURIComponent(secret);
    const inJson = JSON.stringify(secret).slice(1, -1);
    for (const spelling of [secret, encoded, encoded.replace(/%../g, (hex) => hex.toLowerCase()), inJson]) {
      spellings.add(spelling);
    }
  }
  if (spellings.size === 0) return undefined;
  // Longest first: a secret that begins with another one must go as a whole.
  const alternatives = [...spellings].sort((a, b) => b.length - a.length).map(escapeForRegExp);
  return new RegExp(alternatives.join('|'), 'g');
}

function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

/** Percent-decoding that leaves malformed input alone: a parameter is judged, never rejected, here. */
function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
