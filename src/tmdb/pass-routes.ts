import type { PassReason, PassRoute } from '../cache/site.js';
import { apiClass } from './classes.js';
import { type Credential, keyPair } from './credentials.js';
import type { TmdbPolicyOptions } from './options.js';
import { passHeaders } from './pass-headers.js';
import { apiSegments, keyOf, targetOf } from './place.js';
import { wireQuery, withoutApiKeys } from './query.js';
import type { Reading } from './reading.js';
import { apiTemplate, imageTemplate } from './templates.js';

/** How a passed request shows who asks. */
interface Access {
  readonly target: string;
  /** Replaces the client's Authorization; null removes it, undefined leaves it. */
  readonly authorization: string | null | undefined;
}

/** Routes of requests that are passed through, with nothing stored and nothing coalesced. */
export class PassRoutes {
  readonly #credential: Credential | undefined;
  readonly #keyPair: string;
  readonly #pseudonym: string;

  constructor(options: TmdbPolicyOptions) {
    this.#credential = options.credentials[0];
    this.#keyPair = keyPair(this.#credential);
    this.#pseudonym = options.viaPseudonym;
  }

  routeOf(reading: Reading, reason: PassReason): PassRoute {
    const { request, upstream, path, query, traits } = reading;
    const { target, authorization } =
      upstream === 'api' ? this.#apiAccess(reading, reason) : imageAccess(reading);
    const unsafe = reason === 'method' && request.method !== 'OPTIONS';
    return {
      kind: 'pass',
      upstream,
      template: upstream === 'image' ? imageTemplate(path) : apiTemplate(path[1]!, apiSegments(path)),
      reason,
      target,
      headers: passHeaders(request.headers, { pseudonym: this.#pseudonym, authorization }),
      // A body is a stream and cannot be sent twice.
      retryable: !unsafe && reason !== 'side-effects' && !traits.hasBody,
      key: reason === 'disabled' ? keyOf(upstream, path, query.canonical) : undefined,
      class: reason === 'disabled' ? classOf(reading) : undefined,
    };
  }

  /**
   * The client's own credential if it sent one, else the proxy's. With the cache switched off, what would have been
   * shared is sent with the credential a fill has, so that `CACHE_ENABLED` changes nothing but the caching.
   */
  #apiAccess({ path, rawQuery, query, traits }: Reading, reason: PassReason): Access {
    const brought = query.apiKey !== undefined || traits.authorization !== 'none';
    if (this.#credential === undefined || (brought && reason !== 'disabled')) {
      return { target: asReceived(path, rawQuery), authorization: undefined };
    }
    // An empty `api_key=` of the client beside ours would leave it to TMDB which one counts.
    const wire = rawQuery === undefined ? '' : withoutApiKeys(wireQuery(rawQuery));
    return {
      target: targetOf(path, wire, this.#keyPair),
      authorization: this.#credential.kind === 'v4' ? `Bearer ${this.#credential.value}` : null,
    };
  }
}

function classOf({ upstream, path }: Reading): string {
  return upstream === 'image' ? 'image' : apiClass(apiSegments(path));
}

/** Images need no credential: an application key is left out, and our own token does not go to another host. */
function imageAccess({ path, rawQuery, traits }: Reading): Access {
  return {
    target: asReceived(path, rawQuery === undefined ? undefined : withoutApiKeys(rawQuery)),
    authorization: traits.authorization === 'own' ? null : undefined,
  };
}

/** The canonical path, on which all was decided, and the query as it came. */
function asReceived(path: string, rawQuery: string | undefined): string {
  return targetOf(path, rawQuery === undefined ? '' : wireQuery(rawQuery), '');
}
