import { timingSafeEqual } from 'node:crypto';

/** The proxy's own access to TMDB: a v3 key goes into the query, a v4 read token into Authorization (TMDB.md, Hosts). */
export interface Credential {
  readonly kind: 'v3' | 'v4';
  readonly value: string;
}

/** What a client's Authorization means for sharing. `own` is the proxy's own v4 token: it names no user. */
export type AuthorizationKind = 'none' | 'own' | 'foreign';

const BEARER = /^bearer(?:[ \t]+(.*))?$/i;

/** Judges Authorization fields; made once per policy. */
export class AuthorizationJudge {
  readonly #own: readonly Buffer[];

  constructor(credentials: readonly Credential[]) {
    this.#own = credentials.filter(({ kind }) => kind === 'v4').map(({ value }) => Buffer.from(value));
  }

  /**
   * @param value of an Authorization field. An empty one, and a Bearer without a token, are what clients send whose
   *   token is not set: no credential at all. Every scheme but Bearer is somebody's own.
   */
  kindOf(value: string): AuthorizationKind {
    const text = value.trim();
    if (text === '') return 'none';
    const bearer = BEARER.exec(text);
    if (bearer === null) return 'foreign';
    const token = bearer[1] ?? '';
    if (token === '') return 'none';
    return this.#isOwn(Buffer.from(token)) ? 'own' : 'foreign';
  }

  /** In constant time: a client must not find our token out by measuring. */
  #isOwn(token: Buffer): boolean {
    return this.#own.some((own) => own.length === token.length && timingSafeEqual(own, token));
  }
}

/** What a v3 key adds to a query; '' for a v4 token, which goes into Authorization, and without a credential. */
export function keyPair(credential: Credential | undefined): string {
  return credential?.kind === 'v3' ? `api_key=${encodeURIComponent(credential.value)}` : '';
}
