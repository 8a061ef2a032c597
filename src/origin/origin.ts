import type { Dispatcher } from 'undici';
import { ProxyError } from '../errors.js';
import { TokenBucket } from './bucket.js';
import { Budget } from './budget.js';
import { UpstreamGroup } from './group.js';
import type { OriginOptions, UpstreamGroupOptions } from './options.js';
import { createPool } from './pool.js';
import { proxyFor } from './proxy.js';
import { type BaseUrl, UpstreamServer } from './server.js';
import type { Origin, OriginRequest, OriginResponse } from './source.js';
import type { UpstreamStatus } from './status.js';

/** L3 with what operators see of it. */
export interface OriginService extends Origin {
  /** Every server of every group, in configuration order. */
  status(): UpstreamStatus[];
  /** Turns waiting requests away (`shutting_down`), breaks what is in flight, closes all connections. Drain first. */
  close(): Promise<void>;
}

const HEALTH_CHECK_MS = 30_000;
const MAX_HEADER_BYTES = 65_536;

/** Opens no connection yet. Throws a TypeError on a server that is not an http(s) URL. */
export function createOrigin(options: OriginOptions): OriginService {
  // API and images may be one host: its connections are counted together, whoever asks.
  const pools = new Map<string, Dispatcher>();
  const groups = new Map(options.groups.map((group) => [group.name, createGroup(group, options, pools)]));
  return {
    async fetch(request: OriginRequest): Promise<OriginResponse> {
      const group = groups.get(request.upstream);
      if (group === undefined) throw new ProxyError('internal', `no upstream group ${request.upstream}`);
      return group.fetch(request);
    },
    status: () => [...groups.values()].flatMap((group) => group.status()),
    async close(): Promise<void> {
      await Promise.all([...groups.values()].map((group) => group.close()));
    },
  };
}

function createGroup(
  group: UpstreamGroupOptions,
  options: OriginOptions,
  pools: Map<string, Dispatcher>,
): UpstreamGroup {
  const { clock, timeouts, maxRetries } = options;
  const upstream = group.name;
  const onEvent = options.onEvent ?? (() => {});
  const budget = new Budget({
    upstream,
    clock,
    bounds: options.queue,
    onEvent,
    bucket:
      group.rate === null
        ? null
        : new TokenBucket(group.rate, Math.max(1, group.burst ?? group.rate), clock.now()),
  });
  const servers = group.servers.map((server) => {
    const relay = typeof server === 'string' ? undefined : server;
    const base = baseUrl(typeof server === 'string' ? server : server.url);
    const proxy = proxyFor(base.url, options.proxy);
    // Fractions are legal settings (CONTRACT.md: any positive number) and mean at least one connection.
    const maxConnections = Math.max(1, Math.floor(group.maxConnections));
    const dispatcher =
      pools.get(base.url.origin) ??
      createPool(base.url, {
        connections: maxConnections,
        connectMs: timeouts.connectMs,
        maxHeaderBytes: options.maxHeaderBytes ?? MAX_HEADER_BYTES,
        proxy,
      });
    pools.set(base.url.origin, dispatcher);
    const proxied = proxy !== undefined;
    return new UpstreamServer({
      upstream,
      base,
      dispatcher,
      proxied,
      maxConnections,
      timeouts: relay?.timeouts ?? timeouts,
      relay,
      clock,
      budget,
      onEvent,
      lastWord: group.verbatim === true && group.servers.length === 1,
    });
  });
  const healthCheckMs = options.healthCheckMs ?? HEALTH_CHECK_MS;
  const { shared } = options;
  return new UpstreamGroup({
    name: upstream,
    servers,
    budget,
    shared,
    maxRetries,
    verbatim: group.verbatim === true,
    healthCheckMs,
    clock,
    onEvent,
  });
}

function baseUrl(server: string): BaseUrl {
  const given = new URL(server);
  if (given.protocol !== 'https:' && given.protocol !== 'http:') {
    throw new TypeError('an upstream server must be an http: or https: URL');
  }
  const path = given.pathname.replace(/\/+$/, '');
  return { url: new URL(given.origin), name: given.origin + path, path };
}
