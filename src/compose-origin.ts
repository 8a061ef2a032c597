import type { SharedRoute, SitePolicy } from './cache/site.js';
import { systemClock } from './clock.js';
import { parentAccess } from './cluster/parent.js';
import type { Config } from './config/config.js';
import type { RawHeaders } from './http/headers.js';
import { makeScrubber } from './observe/redact.js';
import { createOrigin, type OriginService } from './origin/origin.js';
import type { SharedBudget } from './origin/shared-budget.js';

/**
 * A redirect's target on one of the hosts configured for the route's upstream, with our credentials if it may be shared;
 * undefined when it leads elsewhere or to something personal.
 */
export function ownTarget(
  site: SitePolicy,
  config: Config,
  route: SharedRoute,
  location: string,
): string | undefined {
  const servers = config.upstream.groups.find(({ name }) => name === route.upstream)?.servers ?? [];
  const base = new URL(route.target, servers[0]?.origin).href;
  if (!URL.canParse(location, base)) return undefined;
  const url = new URL(location, base);
  if (!servers.some(({ origin }) => new URL(origin).host === url.host)) return undefined;
  const next = site.route({ method: 'GET', target: url.pathname + url.search, headers: [] });
  return next.kind === 'shared' && next.upstream === route.upstream ? next.target : undefined;
}

/** Absolute URIs under which an upstream's targets are known: to the servers themselves, and to clients (PUBLIC_URL). */
export function basesOf({ upstream, server }: Config, name: string): string[] {
  const servers = upstream.groups.find((group) => group.name === name)?.servers ?? [];
  const bases = servers.map(({ origin }) => origin);
  return server.publicUrl === undefined ? bases : [...bases, server.publicUrl];
}

/** Masks the proxy's own credentials, TMDB's and the parent's, in fields that echo a URL. */
export function credentialScrubber(config: Config): (headers: RawHeaders) => RawHeaders {
  const { parent } = config.cluster;
  const secrets = [
    ...config.upstream.credentials.map(({ value }) => value),
    parent?.password ?? parent?.username,
  ].filter((secret): secret is string => secret !== undefined && secret !== '');
  if (secrets.length === 0) return (headers) => headers;
  const scrub = makeScrubber(secrets);
  return (headers) =>
    headers.some((text) =>
      secrets.some((secret) => text.includes(secret) || text.includes(encodeURIComponent(secret))),
    )
      ? headers.map(scrub)
      : headers;
}

/** What a parent that is away costs the first requests; after three in a row it is left alone, ms. */
const PARENT_CONNECT_MS = 1000;
const PARENT_HEAD_MS = 5000;

/** L3 as the configuration describes it. */
export function originOf(
  config: Config,
  onEvent: Parameters<typeof createOrigin>[0]['onEvent'],
  shared: SharedBudget | undefined,
): OriginService {
  const { upstream } = config;
  const { parent } = config.cluster;
  const relay = parent && {
    url: parent.origin,
    access: parentAccess({ parent, type: upstream.type, credentials: upstream.credentials }),
    timeouts: {
      connectMs: PARENT_CONNECT_MS,
      headersMs: Math.min(PARENT_HEAD_MS, upstream.requestTimeoutMs),
      bodyMs: upstream.requestTimeoutMs,
    },
  };
  return createOrigin({
    groups: upstream.groups.map(({ name, servers }) => ({
      name,
      servers: servers.map(({ origin }) => (relay !== undefined && origin === relay.url ? relay : origin)),
      maxConnections: upstream.maxConnections,
      // TMDB's image host limits connections only (TMDB.md, Limits).
      rate: name === 'image' ? null : upstream.rate,
      verbatim: upstream.type === 'custom' && config.cache.ttlPolicy === 'origin',
      // Bucket and rate add up in the first second: a full second's worth on top would be twice what TMDB allows.
      ...(upstream.rate !== null && { burst: upstream.rate / 4 }),
    })),
    timeouts: {
      connectMs: Math.min(10_000, upstream.requestTimeoutMs),
      headersMs: upstream.requestTimeoutMs,
      bodyMs: upstream.requestTimeoutMs,
    },
    maxRetries: upstream.maxRetries,
    clock: systemClock,
    proxy: { https: upstream.httpsProxy },
    healthCheckMs: upstream.healthCheckIntervalMs,
    onEvent,
    shared,
  });
}
