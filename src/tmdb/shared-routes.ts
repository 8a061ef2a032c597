import type { SharedRoute } from '../cache/site.js';
import { imageAccept } from './accept.js';
import { apiClass } from './classes.js';
import { type Credential, keyPair } from './credentials.js';
import { type FillHeaders, fillHeaders } from './fill-headers.js';
import type { TmdbPolicyOptions } from './options.js';
import { apiSegments, keyOf, targetOf } from './place.js';
import type { Query } from './query.js';
import type { Reading } from './reading.js';
import { apiTags, imageTags } from './tags.js';
import { apiTemplate, imageTemplate } from './templates.js';

/** Routes of requests whose answers may be shared: the origin is asked exactly what the key covers (I-19). */
export class SharedRoutes {
  readonly #credential: Credential | undefined;
  readonly #keyPair: string;
  readonly #headers: FillHeaders;

  constructor(options: TmdbPolicyOptions) {
    this.#credential = options.credentials[0];
    this.#keyPair = keyPair(this.#credential);
    this.#headers = fillHeaders({
      userAgent: options.userAgent,
      pseudonym: options.viaPseudonym,
      credential: this.#credential,
    });
  }

  routeOf(reading: Reading): SharedRoute {
    return reading.upstream === 'api' ? this.#api(reading) : this.#image(reading);
  }

  #api({ path, query }: Reading): SharedRoute {
    const segments = apiSegments(path);
    return {
      kind: 'shared',
      upstream: 'api',
      template: apiTemplate(path[1]!, segments),
      key: keyOf('api', path, query.canonical),
      class: apiClass(segments),
      tags: apiTags(path, segments, query.appended),
      target: targetOf(path, query.canonical, this.#fillPair(query)),
      headers: this.#headers.api,
      ...(this.#credential === undefined && { credential: query.apiKey ?? '' }),
    };
  }

  /** The pair a fill carries: the proxy's key when it has one, else the client's own, which the key never covers. */
  #fillPair(query: Query): string {
    if (this.#credential !== undefined) return this.#keyPair;
    return query.apiKey === undefined ? '' : `api_key=${query.apiKey}`;
  }

  #image({ path, query, traits }: Reading): SharedRoute {
    const accept = imageAccept(traits.accept);
    const key = keyOf('image', path, query.canonical);
    return {
      kind: 'shared',
      upstream: 'image',
      template: imageTemplate(path),
      // No canonical path or query holds a space, so the suffix cannot be imitated.
      key: accept === 'webp' ? `${key} accept=webp` : key,
      class: 'image',
      tags: imageTags(path),
      target: targetOf(path, query.canonical, ''),
      headers: this.#headers.image[accept],
    };
  }
}
