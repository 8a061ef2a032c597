import type { Answer } from '../cache/answer.js';
import { type Peeked, peek } from '../cache/peek.js';
import type { Route, SharedRoute } from '../cache/site.js';
import { fieldValue } from '../http/headers.js';
import type { BodySource } from '../origin/source.js';
import type { Entry } from '../tiers/entry.js';
import {
  type Base,
  isChangeable,
  MOST_BYTES,
  rewrittenEntry,
  rewrittenHead,
  rewrittenRaw,
} from './configuration-body.js';
import type { Exchange } from './exchange.js';
import { forwardedBase } from './forwarded.js';
import { type Trust, trustFunction } from './peer.js';
import type { Rewriter } from './settings.js';

export interface RewriteOptions {
  readonly publicUrl: string | undefined;
  /** Whose `X-Forwarded-*` is believed. */
  readonly trust: Trust;
}

/** Bases that one stored answer is kept rewritten for: who is trusted may name any number of hosts. */
const MOST_BASES = 16;

/**
 * What has `/3/configuration` name this proxy as the host of the images; undefined: it stays as TMDB sent it. It is done as the
 * answer goes out, so the stored bytes are TMDB's, and one store serves clients that reach us by several names.
 */
export function configurationRewriter({ publicUrl, trust }: RewriteOptions): Rewriter | undefined {
  if (publicUrl === undefined && (trust === false || trust === 0)) return undefined;
  return new ConfigurationRewriter(publicUrl?.replace(/\/+$/, ''), trust);
}

class ConfigurationRewriter implements Rewriter {
  readonly #publicUrl: string | undefined;
  readonly #trusted: (address: string, hop: number) => boolean;
  /** By what is stored, so that they go with it. */
  readonly #rewritten = new WeakMap<Entry, Map<string, Promise<Entry | undefined>>>();

  constructor(publicUrl: string | undefined, trust: Trust) {
    this.#publicUrl = publicUrl;
    this.#trusted = trustFunction(trust);
  }

  touches(route: SharedRoute): boolean {
    return isConfiguration(route);
  }

  apply(answer: Answer, exchange: Exchange): Answer | Promise<Answer> {
    const base = this.#baseFor(exchange);
    if (base === undefined) return answer;
    return answer.kind === 'entry' ? this.#stored(answer, base) : coming(answer, exchange, base);
  }

  async #stored(answer: Extract<Answer, { kind: 'entry' }>, base: Base): Promise<Answer> {
    const entry = await this.#once(answer.entry, base);
    return entry === undefined ? answer : { ...answer, entry };
  }

  /** Undefined: this answer is left alone. */
  #baseFor(exchange: Exchange): Base | undefined {
    const { method, target, headers, incoming, settings } = exchange;
    if (method !== 'GET' && method !== 'HEAD') return undefined;
    const path = target.split('?', 1)[0]!;
    // The site's reading counts, but nearly every request is about something else.
    if (!/configuration|%/i.test(path) || !isConfiguration(settings.site.route(exchange))) return undefined;
    // Another proxy of this program asks: its clients are to get its address, not ours.
    if (PROXY_OF_OURS.test(fieldValue(headers, 'cdn-loop') ?? '')) return undefined;
    if (this.#publicUrl !== undefined) return { url: this.#publicUrl, varies: false };
    const url = forwardedBase(incoming, this.#trusted);
    return url === undefined ? undefined : { url, varies: true };
  }

  /** Each base once for each stored answer, for all who ask at the same time too. */
  #once(entry: Entry, base: Base): Promise<Entry | undefined> {
    const known = this.#rewritten.get(entry) ?? new Map<string, Promise<Entry | undefined>>();
    this.#rewritten.set(entry, known);
    let making = known.get(base.url);
    if (making === undefined) {
      making = rewrittenEntry(entry, base);
      known.set(base.url, making);
      if (known.size > MOST_BASES) known.delete(known.keys().next().value!);
    }
    return making;
  }
}

/** As `loopId` names nodes in CDN-Loop; Cloudflare and others name themselves there too, in front of clients. */
const PROXY_OF_OURS = /(?:^|,)\s*tmdb-proxy-/i;

/** By the canonical path, whichever way it was spelt. */
function isConfiguration(route: Route): boolean {
  if (route.kind === 'refuse' || route.upstream !== 'api') return false;
  const path = route.target.split('?', 1)[0]!;
  return path === '/3/configuration' || path === '/3/configuration/';
}

/** An answer that is on its way is waited for: it is short, or it is left alone. */
async function coming(
  answer: Exclude<Answer, { kind: 'entry' }>,
  exchange: Exchange,
  base: Base,
): Promise<Answer> {
  if (!isChangeable(answer.head.status, answer.head.headers)) return answer;
  if (answer.kind === 'raw' && exchange.method === 'HEAD') return rewrittenHead(answer, base);
  const { start, whole, body } = await peekFor(exchange, answer.body);
  if (!whole) return { ...answer, body };
  if (answer.kind === 'raw') return (await rewrittenRaw(answer, start, base)) ?? { ...answer, body };
  // What is stored of it is made by the fill; this client is answered as from a store.
  const entry = await rewrittenEntry({ ...answer.head, body: start }, base);
  if (entry === undefined) return { ...answer, body };
  body.cancel();
  return { kind: 'entry', entry, own: answer.own, outcome: answer.outcome };
}

/** The body's beginning, or all of it. A client that leaves meanwhile gives it up. */
function peekFor({ signal }: Exchange, body: BodySource): Promise<Peeked> {
  return new Promise((resolve) => {
    const left = () => {
      body.cancel();
      resolve({ start: Buffer.alloc(0), whole: false, failure: undefined, body });
    };
    if (signal.aborted) return left();
    signal.addEventListener('abort', left, { once: true });
    void peek(body, MOST_BYTES + 1).then((peeked) => {
      signal.removeEventListener('abort', left);
      resolve(peeked);
    });
  });
}
