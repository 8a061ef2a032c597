import { ProxyError } from '../errors.js';
import { LEAST_RATE } from '../pace.js';
import { TokenBucket } from './bucket.js';
import { Budget } from './budget.js';
import { UpstreamGroup } from './group.js';
import type { OriginLimits, OriginOptions, Relay, UpstreamGroupOptions } from './options.js';
import type { PoolOptions } from './pool.js';
import { Pools } from './pools.js';
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

/** L3 whose limits may change while it runs. */
export interface TunableOrigin extends OriginService {
  /** Other limits for what is asked from now on; what is under way goes on as it began. */
  retune(limits: OriginLimits): void;
}

/** Opens no connection yet. Throws a TypeError on a server that is not an http(s) URL. */
export function createOrigin(options: OriginOptions): TunableOrigin {
  const made = new Made(options);
  const groups = new Map(options.groups.map((group) => [group.name, made.group(group)]));
  return {
    async fetch(request: OriginRequest): Promise<OriginResponse> {
      const group = groups.get(request.upstream);
      if (group === undefined) throw new ProxyError('internal', `no upstream group ${request.upstream}`);
      return group.fetch(request);
    },
    status: () => [...groups.values()].flatMap((group) => group.status()),
    retune(limits) {
      made.limits = limits;
      for (const group of limits.groups) {
        made.retunePools(group);
        groups.get(group.name)?.retune(limitOf(group), connectionsOf(group));
      }
    },
    async close(): Promise<void> {
      for (const group of groups.values()) group.close();
      await made.pools.destroy();
    },
  };
}

/** The parts of one origin, and the limits they look at when they are used. */
class Made {
  limits: OriginLimits;
  readonly pools = new Pools();
  /** Hosts of each group that have no shorter times of their own. */
  readonly #hosts = new Map<string, URL[]>();
  readonly #options: OriginOptions;

  constructor(options: OriginOptions) {
    this.#options = options;
    this.limits = options;
  }

  group(group: UpstreamGroupOptions): UpstreamGroup {
    const { clock, queue, shared, healthCheckMs = HEALTH_CHECK_MS, onEvent = () => {} } = this.#options;
    const { name, verbatim = false } = group;
    const limit = limitOf(group);
    const budget = new Budget({
      upstream: name,
      clock,
      bounds: queue,
      onEvent,
      bucket: limit && new TokenBucket(limit.rate, limit.burst, clock.steady()),
    });
    return new UpstreamGroup({
      name,
      servers: group.servers.map((server) => this.#server(group, server, budget)),
      budget,
      shared,
      maxRetries: () => this.limits.maxRetries,
      verbatim,
      healthCheckMs,
      clock,
      onEvent,
    });
  }

  retunePools(group: Pick<UpstreamGroupOptions, 'name' | 'maxConnections'>): void {
    for (const host of this.#hosts.get(group.name) ?? [])
      this.pools.retune(host, this.#poolOptions(host, group));
  }

  #server(group: UpstreamGroupOptions, server: string | Relay, budget: Budget): UpstreamServer {
    const { clock, onEvent = () => {} } = this.#options;
    const relay = typeof server === 'string' ? undefined : server;
    const base = baseUrl(typeof server === 'string' ? server : server.url);
    this.#hosts.set(group.name, [...(this.#hosts.get(group.name) ?? []), base.url]);
    const options = this.#poolOptions(base.url, group);
    return new UpstreamServer({
      upstream: group.name,
      base,
      dispatcher: this.pools.of(base.url, options),
      proxied: options.proxy !== undefined,
      maxConnections: connectionsOf(group),
      timeouts: () => relay?.timeouts ?? this.limits.timeouts,
      relay,
      clock,
      budget,
      onEvent,
      leastRate: group.verbatim ? 0 : LEAST_RATE,
      lastWord: group.verbatim === true && group.servers.length === 1,
    });
  }

  #poolOptions(host: URL, group: Pick<UpstreamGroupOptions, 'maxConnections'>): PoolOptions {
    return {
      connections: connectionsOf(group),
      connectMs: this.limits.timeouts.connectMs,
      maxHeaderBytes: this.#options.maxHeaderBytes ?? MAX_HEADER_BYTES,
      proxy: proxyFor(host, this.#options.proxy),
    };
  }
}

/** Fractions are legal settings (CONTRACT.md: any positive number) and mean at least one connection. */
function connectionsOf({ maxConnections }: Pick<UpstreamGroupOptions, 'maxConnections'>): number {
  return Math.max(1, Math.floor(maxConnections));
}

function limitOf({ rate, burst }: Pick<UpstreamGroupOptions, 'rate' | 'burst'>) {
  return rate === null ? null : { rate, burst: Math.max(1, burst ?? rate) };
}

function baseUrl(server: string): BaseUrl {
  const given = new URL(server);
  if (given.protocol !== 'https:' && given.protocol !== 'http:') {
    throw new TypeError('an upstream server must be an http: or https: URL');
  }
  const path = given.pathname.replace(/\/+$/, '');
  return { url: new URL(given.origin), name: given.origin + path, path };
}
