import { createHash, timingSafeEqual } from 'node:crypto';
import type { Brake } from './brake.js';
import type { ProblemInput } from './problem.js';

/** Whom a request comes from, as far as the listener knows. */
export interface Peer {
  /** The socket's peer is a loopback address. */
  readonly loopback: boolean;
  /** The request carries `Forwarded` or any `X-Forwarded-*`. */
  readonly forwarded: boolean;
  /** Address the brake counts by. */
  readonly address: string;
}

/** What authorisation looks at. */
export interface Credentials {
  readonly apiKey: string | undefined;
  readonly authorization: string | undefined;
  /** Host name the request was sent to, without port. */
  readonly hostname: string;
  /** A browser sent it for a page of another site (`Sec-Fetch-Site`, or an `Origin` that is not the host asked). */
  readonly crossSite: boolean;
}

/** Undefined lets the request through. */
export type Authorize = (credentials: Credentials, peer: Peer) => ProblemInput | undefined;

const SEND_KEY = 'Send the admin key as X-API-Key or as Authorization: Bearer.';
const SET_KEY = 'Set ADMIN_API_KEY on the proxy and send it as X-API-Key or as Authorization: Bearer.';

export interface AuthOptions {
  /** `ADMIN_API_KEY`; undefined or empty: loopback only. */
  readonly apiKey: string | undefined;
  readonly brake: Brake;
}

/** Decides over admin paths (CONTRACT, Authorisation). */
export function createAuth(options: AuthOptions): Authorize {
  if (options.apiKey === undefined || options.apiKey === '') return loopbackOnly;
  const { brake } = options;
  const wanted = digest(options.apiKey);

  return (credentials, peer) => {
    const given = candidates(credentials);
    if (given.length === 0) return unauthorized(`This path needs the admin key. ${SEND_KEY}`);
    // Not even the right one: an answer to each would tell it among thousands.
    const unjudged = brake.wait(peer.address, given.length);
    if (unjudged > 0) return tooMany(`Keys of this address are not looked at for ${unjudged} s`, unjudged);
    // Digests have equal lengths and tell nothing of the key, so the comparison takes the same time for any two keys.
    // Every candidate is compared: which one was right must not show either.
    const right = given.map((key) => timingSafeEqual(digest(key), wanted));
    if (right.includes(true)) {
      brake.right(peer.address);
      return undefined;
    }
    const wait = Math.max(...given.map(() => brake.wrong(peer.address))); // each is a guess
    if (wait === 0) return unauthorized(`The admin key is wrong. ${SEND_KEY}`);
    return tooMany(`Wait ${wait} s`, wait);
  };
}

function loopbackOnly(credentials: Credentials, peer: Peer): ProblemInput | undefined {
  if (!peer.loopback)
    return forbidden(
      `No ADMIN_API_KEY is set, so this path answers on the loopback interface only. ${SET_KEY}`,
    );
  if (peer.forwarded)
    return forbidden(
      `No ADMIN_API_KEY is set and the request was forwarded (Forwarded or X-Forwarded-*), so it does not count as local. ${SET_KEY}`,
    );
  if (credentials.crossSite)
    return forbidden(
      `No ADMIN_API_KEY is set and a browser sent this for a page of another site, so it does not count as local. ${SET_KEY}`,
    );
  // A web page can make a browser on this machine ask us by a public name that it has pointed at 127.0.0.1.
  if (!isLocalName(credentials.hostname))
    return forbidden(
      `No ADMIN_API_KEY is set and the request names the host ${JSON.stringify(credentials.hostname.slice(0, 100))}; ask for localhost or the address itself. ${SET_KEY}`,
    );
  return undefined;
}

/** IP literals, `localhost` and names without a dot: nobody else's DNS can point those at this machine. */
function isLocalName(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '');
  return (
    !name.includes('.') ||
    name.startsWith('[') ||
    name.endsWith('.localhost') ||
    /^\d+\.\d+\.\d+\.\d+$/.test(name)
  );
}

/** What is sent as a key: one, unless the fields differ. */
function candidates({ apiKey, authorization }: Credentials): string[] {
  const given = [apiKey, bearer(authorization)].filter((key) => key !== undefined);
  return [...new Set(given)];
}

function bearer(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : /^bearer +(\S.*)$/i.exec(authorization.trim())?.[1];
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function unauthorized(detail: string): ProblemInput {
  return {
    status: 401,
    code: 'unauthorized',
    detail,
    headers: { 'www-authenticate': 'Bearer realm="management"' },
  };
}

function tooMany(advice: string, seconds: number): ProblemInput {
  return {
    status: 429,
    code: 'too_many_attempts',
    detail: `Too many wrong admin keys came from this address. ${advice}.`,
    headers: { 'retry-after': String(seconds) },
  };
}

function forbidden(detail: string): ProblemInput {
  return { status: 403, code: 'forbidden', detail };
}
