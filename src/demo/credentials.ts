import type { JsonObject } from './random.js';

/** Keys that are refused when no list of accepted ones was given. */
const REFUSED: ReadonlySet<string> = new Set(['bad', 'invalid']);

/** Where a request may carry a key. */
export interface KeySources {
  readonly query: URLSearchParams;
  readonly body: JsonObject;
  readonly authorization: string | undefined;
}

/** What may be changed about keys; an absent member stays as it is. */
export interface KeyRules {
  /** The only keys (v3 or Bearer) accepted; null: any but `bad` and `invalid`. */
  readonly accepted?: readonly string[] | null;
  /** Keys that TMDB knows but turns away (code 10), whether accepted or not. */
  readonly suspended?: readonly string[];
}

/** The v3 key (query, or JSON body as moviedb-promise sends it), else the Bearer token, else undefined. */
export function keyOf({ query, body, authorization }: KeySources): string | undefined {
  const sent = query.get('api_key') || body.api_key;
  if (typeof sent === 'string' && sent !== '') return sent;
  return /^Bearer\s+(\S+)\s*$/i.exec(authorization ?? '')?.[1];
}

/** The keys that the origin knows. They may be withdrawn and suspended while it runs. */
export class ApiKeys {
  #accepted: ReadonlySet<string> | undefined;
  #suspended: ReadonlySet<string> = new Set();

  /** @param accepted undefined: any but `bad` and `invalid` */
  constructor(accepted?: readonly string[]) {
    this.#accepted = accepted && new Set(accepted);
  }

  /** Changes what is given, for every request from now on. */
  become({ accepted, suspended }: KeyRules): void {
    if (accepted !== undefined) this.#accepted = accepted === null ? undefined : new Set(accepted);
    if (suspended !== undefined) this.#suspended = new Set(suspended);
  }

  /** TMDB's code for a request with this key: 7 invalid or missing, 10 suspended; undefined when it is good. */
  refusal(key: string | undefined): 7 | 10 | undefined {
    if (key === undefined) return 7;
    if (this.#suspended.has(key)) return 10;
    const good = this.#accepted ? this.#accepted.has(key) : !REFUSED.has(key);
    return good ? undefined : 7;
  }
}
