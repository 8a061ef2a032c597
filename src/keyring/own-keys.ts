import type { TmdbCredential } from '../config/config.js';
import { field, type RawHeaders, withoutFields } from '../http/headers.js';

/** What of a request decides who asks. */
export interface Asking {
  readonly target: string;
  readonly headers: RawHeaders;
}

/** How a request shows who asks. */
export interface Carried {
  /** Ours that it carries; more than one where a client knows a key and sends it along. */
  readonly own: readonly TmdbCredential[];
  /** Forms in which another of ours may take their place: never where a user's own would be overwritten. */
  readonly kinds: ReadonlySet<TmdbCredential['kind']>;
}

const AUTHORIZATION: ReadonlySet<string> = new Set(['authorization']);
const BEARER = /^bearer[ \t]+(.*)$/i;

/** Finds and replaces the proxy's own credentials in what is about to be sent to TMDB. */
export class OwnKeys {
  readonly #pairs: ReadonlyMap<string, TmdbCredential>;
  readonly #tokens: ReadonlyMap<string, TmdbCredential>;

  constructor(credentials: readonly TmdbCredential[]) {
    const of = (kind: TmdbCredential['kind']) => credentials.filter((each) => each.kind === kind);
    this.#pairs = new Map(of('v3').map((each) => [pairOf(each), each]));
    this.#tokens = new Map(of('v4').map((each) => [each.value, each]));
  }

  /** Undefined when it carries none of ours: an image, or a user's own. */
  carriedBy({ target, headers }: Asking): Carried | undefined {
    const own: TmdbCredential[] = [];
    const kinds = new Set<TmdbCredential['kind']>(['v3', 'v4']);
    for (const pair of pairsOf(target)) {
      const ours = this.#pairs.get(pair);
      if (ours !== undefined) own.push(ours);
      else if (pair.startsWith('api_key=')) kinds.delete('v3');
    }
    const authorization = field(headers, 'authorization')?.trim();
    if (authorization !== undefined && authorization !== '') {
      const ours = this.#tokens.get(BEARER.exec(authorization)?.[1] ?? '');
      if (ours !== undefined) own.push(ours);
      else kinds.delete('v4');
    }
    return own.length === 0 ? undefined : { own, kinds };
  }

  /** The same request with this credential in place of ours: a v3 key in the query, a v4 token in Authorization. */
  replaced({ target, headers }: Asking, { own }: Carried, by: TmdbCredential): Asking {
    if (own.every((each) => each === by)) return { target, headers };
    const mark = target.indexOf('?');
    const path = mark < 0 ? target : target.slice(0, mark);
    const pairs = pairsOf(target).filter((pair) => !this.#pairs.has(pair));
    if (by.kind === 'v3') pairs.push(pairOf(by));
    const bearsOurs = own.some(({ kind }) => kind === 'v4');
    const fields = bearsOurs || by.kind === 'v4' ? withoutFields(headers, AUTHORIZATION) : headers;
    return {
      target: pairs.length === 0 ? path : `${path}?${pairs.join('&')}`,
      headers: by.kind === 'v4' ? [...fields, 'Authorization', `Bearer ${by.value}`] : fields,
    };
  }
}

function pairOf({ value }: TmdbCredential): string {
  return `api_key=${encodeURIComponent(value)}`;
}

function pairsOf(target: string): string[] {
  const mark = target.indexOf('?');
  return mark < 0 ? [] : target.slice(mark + 1).split('&');
}
