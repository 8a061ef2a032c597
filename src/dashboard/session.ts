import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.js';

/** A day of work; then the key is asked for again, ms. */
export const SESSION_MS = 12 * 3_600_000;
const SALT = 'tmdb-cache-proxy dashboard session 1';
const KEY_BYTES = 32;
const ID_BYTES = 16;
const TOKEN = /^([A-Za-z0-9_-]{22})\.([0-9a-z]{1,11})\.([A-Za-z0-9_-]{43})$/;

/** Somebody who has shown the admin key. */
export interface Session {
  readonly id: string;
  /** ms since epoch */
  readonly until: number;
}

/**
 * Sessions as signed tokens: each process, and each node with the same admin key, knows them without asking another, and a restart ends
 * none; a new admin key ends all. A token holds a random id and its end, and no trace of the key that could be tried
 * out cheaply: the signing key is derived by scrypt.
 */
export class Sessions {
  readonly #apiKey: string;
  readonly #clock: Pick<Clock, 'now'>;
  #key: Promise<Buffer> | undefined;

  constructor(apiKey: string, clock: Pick<Clock, 'now'>) {
    this.#apiKey = apiKey;
    this.#clock = clock;
  }

  /** A new session; call it once the key was found right. */
  async open(): Promise<{ readonly token: string; readonly session: Session }> {
    const id = randomBytes(ID_BYTES).toString('base64url');
    const until = this.#clock.now() + SESSION_MS;
    const signed = `${id}.${until.toString(36)}`;
    return { token: `${signed}.${(await this.#sign(signed)).toString('base64url')}`, session: { id, until } };
  }

  /** The session a token stands for; undefined when it is not ours or has run out. Takes as long for any wrong signature. */
  async read(token: string): Promise<Session | undefined> {
    const [, id, end, signature] = TOKEN.exec(token) ?? [];
    if (id === undefined || end === undefined || signature === undefined) return undefined;
    const given = Buffer.from(signature, 'base64url');
    const right = await this.#sign(`${id}.${end}`);
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    const until = Number.parseInt(end, 36);
    return until > this.#clock.now() ? { id, until } : undefined;
  }

  async #sign(text: string): Promise<Buffer> {
    this.#key ??= derived(this.#apiKey);
    return createHmac('sha256', await this.#key)
      .update(text)
      .digest();
  }
}

/** Those of the admin key as it is now, undefined while there is none: a key that changes ends every session. */
export function sessionsOf(
  apiKey: () => string | undefined,
  clock: Pick<Clock, 'now'>,
): () => Sessions | undefined {
  let last: { readonly key: string; readonly sessions: Sessions } | undefined;
  return () => {
    const key = apiKey();
    if (key === undefined || key === '') return undefined;
    if (last?.key !== key) last = { key, sessions: new Sessions(key, clock) };
    return last.sessions;
  };
}

function derived(apiKey: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(apiKey, SALT, KEY_BYTES, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}
