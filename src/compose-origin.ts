import type { SharedRoute, SitePolicy } from './cache/site.js';
import { systemClock } from './clock.js';
import { parentAccess, parentFields } from './cluster/parent.js';
import type { Config } from './config/config.js';
import type { LiveConfig } from './config/live.js';
import type { RawHeaders } from './http/headers.js';
import type { OriginLimits } from './origin/options.js';
import { createOrigin, type OriginService } from './origin/origin.js';
import type { SharedBudget } from './origin/shared-budget.js';
import type { OriginRequest } from './origin/source.js';
import { GrowingScrubber } from './redact/redact.js';

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

/** Masks the proxy's own credentials, TMDB's and the parent's, those of now and of earlier, in fields that echo a URL. */
export function credentialScrubber(live: LiveConfig): (headers: RawHeaders) => RawHeaders {
  const scrubber = new GrowingScrubber(credentialsOf(live.config));
  live.onChange((config) => scrubber.add(credentialsOf(config)));
  return (headers) => (headers.some(scrubber.finds) ? headers.map(scrubber.scrub) : headers);
}

/** A shorter one may be a part of any address. */
const SHORTEST_TOLD = 16;

/** Finds the same credentials in text. */
export function credentialFinder(live: LiveConfig): (text: string) => boolean {
  const longOf = (config: Config) => credentialsOf(config).filter(({ length }) => length >= SHORTEST_TOLD);
  const scrubber = new GrowingScrubber(longOf(live.config));
  live.onChange((config) => scrubber.add(longOf(config)));
  return scrubber.finds;
}

function credentialsOf({ upstream, cluster: { parent } }: Config): string[] {
  return [...upstream.credentials.map(({ value }) => value), parent?.password ?? parent?.username].filter(
    (secret): secret is string => secret !== undefined && secret !== '',
  );
}

/** What a parent that is away costs the first requests; after three in a row it is left alone, ms. */
const PARENT_CONNECT_MS = 1000;
const PARENT_HEAD_MS = 5000;

/** What of L3 may change while it runs. */
function limitsOf({ upstream }: Config): OriginLimits {
  return {
    timeouts: {
      connectMs: Math.min(10_000, upstream.requestTimeoutMs),
      headersMs: upstream.requestTimeoutMs,
      bodyMs: upstream.requestTimeoutMs,
    },
    maxRetries: upstream.maxRetries,
    groups: upstream.groups.map(({ name }) => ({
      name,
      maxConnections: upstream.maxConnections,
      // TMDB's image host limits connections only (TMDB.md, Limits).
      rate: name === 'image' ? null : upstream.rate,
      // Bucket and rate add up in the first second: a full second's worth on top would be twice what TMDB allows.
      ...(upstream.rate !== null && { burst: upstream.rate / 4 }),
    })),
  };
}

/** L3 as the configuration describes it, now and later. */
export function originOf(
  live: LiveConfig,
  onEvent: Parameters<typeof createOrigin>[0]['onEvent'],
  shared: SharedBudget | undefined,
): OriginService {
  const { config } = live;
  const { upstream } = config;
  const { parent } = config.cluster;
  let access = accessOf(config);
  const relay = parent && {
    url: parent.origin,
    access: (request: OriginRequest) => {
      const { target, headers } = access?.(request) ?? request;
      return { target, headers: parentFields({ headers, nodes: request.nodes }) };
    },
    timeouts: {
      connectMs: PARENT_CONNECT_MS,
      headersMs: Math.min(PARENT_HEAD_MS, upstream.requestTimeoutMs),
      bodyMs: upstream.requestTimeoutMs,
    },
  };
  const limits = limitsOf(config);
  const servers = new Map(upstream.groups.map((group) => [group.name as string, group.servers]));
  const origin = createOrigin({
    ...limits,
    groups: limits.groups.map((group) => ({
      ...group,
      servers: (servers.get(group.name) ?? []).map(({ origin }) =>
        relay !== undefined && origin === relay.url ? relay : origin,
      ),
      verbatim: upstream.type === 'custom' && config.cache.ttlPolicy === 'origin',
    })),
    clock: systemClock,
    proxy: { https: upstream.httpsProxy },
    healthCheckMs: upstream.healthCheckIntervalMs,
    onEvent,
    shared,
  });
  live.onChange((next) => {
    access = accessOf(next);
    origin.retune(limitsOf(next));
  });
  return origin;
}

/** What a parent is sent in place of what is made for TMDB; whether there is such a thing is decided at the start. */
function accessOf({ cluster: { parent }, upstream: { type, credentials } }: Config) {
  return parent && parentAccess({ parent, type, credentials });
}
