import type { SitePolicy } from '../cache/site.js';
import type { ParentAnswer } from '../cache/verdict.js';
import type { Endpoint, TmdbCredential, UpstreamType } from '../config/config.js';
import { cacheStatusTtl } from '../http/cache-status.js';
import { field, fieldValue, hasField, type RawHeaders, withField, withoutFields } from '../http/headers.js';
import { splitList } from '../http/list.js';
import type { OriginRequest, OriginResponse } from '../origin/source.js';

/**
 * This node's name in CDN-Loop (RFC 8586 section 2: a token). Not the bare SERVER_ID, which may be the name that all of us
 * have in Via.
 */
export function loopId(serverId: string): string {
  return `tmdb-proxy-${serverId.replace(/[^A-Za-z0-9._-]/g, '-')}`;
}

/** Longest name and most nodes that are told of: what a client makes up has a bound. */
const NODE = /^tmdb-proxy-[A-Za-z0-9._-]{1,128}$/i;
const MOST_NODES = 16;

/**
 * The site with every outgoing request saying through whom it has come. What is passed through has the incoming chain, then this
 * node; the origin is sent it too when it stands in for the parent, a CDN ignores names that are not its own. A fill is asked for
 * everybody, so the origin hears of this node alone, and the parent (`parentFields`) of the nodes of ours before it, which it needs
 * to tell a loop.
 */
export function withLoopChain(site: SitePolicy, id: string): SitePolicy {
  return {
    ...site,
    route(request) {
      const route = site.route(request);
      if (route.kind === 'refuse') return route;
      const chain = fieldValue(request.headers, 'cdn-loop');
      if (route.kind === 'pass') {
        const whole = chain === undefined ? id : `${chain}, ${id}`;
        return { ...route, headers: withField(route.headers, 'CDN-Loop', whole) };
      }
      const nodes = chain === undefined ? [] : nodesOf(chain);
      const headers = withField(route.headers, 'CDN-Loop', id);
      return { ...route, headers, forProxy: chain !== undefined, ...(nodes.length > 0 && { nodes }) };
    },
  };
}

function nodesOf(chain: string): string[] {
  const names = splitList(chain).map((member) => member.split(/[\s;]/, 1)[0]!);
  return names.filter((name) => NODE.test(name)).slice(-MOST_NODES);
}

/** Fields of a request as the parent gets them: with the chain of our nodes that it has come through. */
export function parentFields({ headers, nodes }: Pick<OriginRequest, 'headers' | 'nodes'>): RawHeaders {
  if (nodes === undefined) return headers;
  const own = fieldValue(headers, 'cdn-loop');
  return withField(headers, 'CDN-Loop', [...nodes, ...(own === undefined ? [] : [own])].join(', '));
}

export interface ParentAccess {
  readonly parent: Endpoint;
  readonly type: UpstreamType;
  /** Ours for TMDB, which the parent's key stands in for. */
  readonly credentials: readonly TmdbCredential[];
}

/**
 * What the parent is sent in place of target and fields made for TMDB. A key in PARENT_PROXY goes where a client would put
 * its own (CONTRACT, Authorisation): of a fill it replaces any, of a passed request only ours, since a user's own
 * credential is between the user and TMDB. Without such a key the parent is asked as TMDB is.
 */
export function parentAccess(access: ParentAccess): ((request: OriginRequest) => Sent) | undefined {
  const { parent, type } = access;
  const key = parent.password ?? parent.username;
  if (key === undefined || key === '') return undefined;
  if (type === 'custom') {
    const value = authorizationOf(parent, key);
    return ({ target, headers }) =>
      hasField(headers, 'authorization')
        ? { target, headers }
        : { target, headers: [...headers, 'Authorization', value] };
  }
  const ours = new Set(access.credentials.map(({ value }) => `api_key=${encodeURIComponent(value)}`));
  const bearers = new Set(access.credentials.map(({ value }) => `Bearer ${value}`));
  return ({ target, headers, shared }) => {
    const mark = target.indexOf('?');
    const path = mark < 0 ? target : target.slice(0, mark);
    const pairs = mark < 0 ? [] : target.slice(mark + 1).split('&');
    const kept = pairs.filter((pair) => !(shared ? pair.startsWith('api_key=') : ours.has(pair)));
    const authorization = field(headers, 'authorization');
    const bearsOurs = authorization !== undefined && (shared === true || bearers.has(authorization));
    const fields = bearsOurs ? withoutFields(headers, AUTHORIZATION) : headers;
    const brought = hasField(fields, 'authorization') || kept.some((pair) => pair.startsWith('api_key='));
    if (!brought) kept.push(`api_key=${encodeURIComponent(key)}`);
    return { target: kept.length === 0 ? path : `${path}?${kept.join('&')}`, headers: fields };
  };
}

type Sent = Pick<OriginRequest, 'target' | 'headers'>;

const AUTHORIZATION: ReadonlySet<string> = new Set(['authorization']);

function authorizationOf({ username, password }: Endpoint, key: string): string {
  if (username === undefined || username === '' || password === undefined) return `Bearer ${key}`;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** What the parent's cache says of its answer; undefined of an answer that is not a parent's of this program. */
export function parentAnswer(
  parent: Endpoint,
  { server, headers }: Pick<OriginResponse, 'server' | 'headers'>,
): ParentAnswer | undefined {
  if (server !== parent.origin) return undefined;
  const name = field(headers, 'x-tmdb-proxy');
  return name === undefined ? undefined : { ttlMs: ttlSaidBy(name, headers) };
}

/** Freshness left according to the cache called `name`, when it was the last to speak; ms, negative when stale. */
function ttlSaidBy(name: string, headers: RawHeaders): number | undefined {
  const seconds = cacheStatusTtl(fieldValue(headers, 'cache-status'), name);
  return seconds === undefined ? undefined : seconds * 1000;
}
