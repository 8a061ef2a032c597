import type { Ask, Reply, World } from './ask.js';
import { Bodies, type Kept, Rendered } from './bodies.js';
import { type ApiKeys, keyOf } from './credentials.js';
import type { Outgoing } from './delivery.js';
import { envelope, TmdbError } from './envelopes.js';
import { acceptsGzip, errorHeaders, jsonHeaders, type MemcEntry, matchesTag } from './headers.js';
import type { JsonObject } from './random.js';
import type { Router } from './router.js';

/** A request as both hosts see it. */
export interface Incoming {
  readonly method: string;
  /** Without query, doubled slashes resolved. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly header: (name: string) => string | undefined;
  readonly body: JsonObject;
}

/** What may be changed while the origin runs. */
export interface ApiSettings {
  /** Whether If-None-Match is answered with 304. */
  conditional: boolean;
  readonly keys: ApiKeys;
  /** Milliseconds for which TMDB's memory cache goes on serving a body after an edit that it lacks. */
  readonly memoryLag: number;
}

/** An error envelope with TMDB's headers. */
export function errorOutgoing(code: number, now: number, more: Outgoing['headers'] = []): Outgoing {
  const { status, body } = envelope(code);
  return {
    status,
    headers: [...errorHeaders(status, now), ...more],
    body: Buffer.from(JSON.stringify(body)),
  };
}

/** Parameters in one order, without the key: what TMDB's own memory goes by. */
function memoryKey(path: string, query: URLSearchParams): string {
  const pairs = [...query].filter(([name, value]) => name !== 'api_key' && value !== '');
  return `${path}?${pairs
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join('&')}`;
}

function languageOf(query: URLSearchParams): string {
  return /^([a-z]{2})(-[A-Za-z]{2})?$/.exec(query.get('language') ?? '')?.[1] ?? 'en';
}

/** `/3` and `/4`. */
export class Api {
  readonly #world: World;
  readonly #router: Router;
  readonly #settings: ApiSettings;
  readonly #bodies = new Bodies();

  constructor(world: World, router: Router, settings: ApiSettings) {
    this.#world = world;
    this.#router = router;
    this.#settings = settings;
  }

  /** The answer to a request; errors become envelopes. */
  answer(incoming: Incoming): Outgoing {
    const now = this.#world.now();
    try {
      const sources = {
        query: incoming.query,
        body: incoming.body,
        authorization: incoming.header('authorization'),
      };
      const refusal = this.#settings.keys.refusal(keyOf(sources));
      if (refusal !== undefined) throw new TmdbError(refusal);
      const reading = incoming.method === 'GET' || incoming.method === 'HEAD';
      const { version } = this.#world.catalogue.changes;
      const key = reading ? memoryKey(incoming.path, incoming.query) : '';
      const kept = reading ? this.#remembered(key, incoming.path, now) : undefined;
      if (kept) return this.#shape(incoming, kept.reply, kept.rendered, kept.memc, now);
      const reply = this.#ask(incoming, reading ? 'GET' : incoming.method);
      const keeps = reading && reply.status === 200 && reply.keeping === 'memory';
      // A private resource has TMDB's countdown as well, but its body is made anew for each reader.
      const fresh: Kept | undefined = keeps
        ? this.#bodies.put(reply.personal ? `personal:${key}` : key, reply, version, now)
        : undefined;
      return this.#shape(incoming, reply, fresh?.rendered ?? new Rendered(reply.body), fresh?.memc, now);
    } catch (error) {
      if (error instanceof TmdbError) return errorOutgoing(error.code, now);
      throw error;
    }
  }

  /** The body in TMDB's memory: the one of now, or with a lag one that lacks the edits made within it. */
  #remembered(key: string, path: string, now: number): Kept | undefined {
    const { changes } = this.#world.catalogue;
    const kept = this.#bodies.get(key, now);
    if (kept === undefined || kept.version === changes.version) return kept;
    const missed = this.#settings.memoryLag > 0 ? changes.missedBy(kept.version, path) : undefined;
    return missed !== undefined && now - missed < this.#settings.memoryLag ? kept : undefined;
  }

  #ask(incoming: Incoming, method: string): Reply {
    const matched = this.#router.match(method, incoming.path.replace(/(.)\/$/, '$1'));
    if (matched === undefined) throw new TmdbError(34);
    if (matched === 'method') throw new TmdbError(42);
    const ask: Ask = {
      method,
      path: incoming.path,
      params: matched.params,
      query: incoming.query,
      header: incoming.header,
      body: incoming.body,
      world: this.#world,
      language: languageOf(incoming.query),
    };
    return matched.handler(ask);
  }

  #shape(
    incoming: Incoming,
    reply: Reply,
    rendered: Rendered,
    memc: MemcEntry | undefined,
    now: number,
  ): Outgoing {
    const { status, keeping } = reply;
    const headers = jsonHeaders({ status, keeping, etag: rendered.etag, memc, now });
    headers.push(...(reply.headers ?? []).map(([name, value]): [string, string] => [name, value]));
    const tagged = status === 200 && keeping !== 'none';
    if (this.#settings.conditional && tagged && matchesTag(incoming.header('if-none-match'), rendered.etag)) {
      const kept = headers.filter(([name]) => name !== 'Content-Type');
      return { status: 304, headers: kept, body: Buffer.alloc(0), bodiless: true };
    }
    if (!acceptsGzip(incoming.header('accept-encoding'))) return { status, headers, body: rendered.body };
    headers.push(['Content-Encoding', 'gzip']);
    return { status, headers, body: rendered.gzipped() };
  }
}
