import type { Clock } from '../clock.js';
import type { OriginEvent } from './events.js';
import type { SharedBudget } from './shared-budget.js';
import type { OriginRequest } from './source.js';

/** Servers that can stand in for each other, with one request budget for all of them. */
export interface UpstreamGroupOptions {
  /** What `OriginRequest.upstream` names: `api`, `image`, `custom`. */
  readonly name: string;
  /** Base URLs in order of preference, e.g. `https://api.themoviedb.org`; may have a base path. Userinfo is dropped. */
  readonly servers: readonly (string | Relay)[];
  /** Requests in flight per server, bodies included (TMDB.md: 20 connections per IP). This process' share. */
  readonly maxConnections: number;
  /** Requests per second, retries included; null = no limit (image host). This process' share. */
  readonly rate: number | null;
  /** Requests that may be sent at once after a quiet time. Default: `rate`, at least 1. */
  readonly burst?: number | undefined;
  /**
   * Its answers are passed on as its own word (RFC 9111 to the letter): no server is asked the same twice, and where there
   * is but one, its error statuses, closed connections and 429s are about the request and never keep others away.
   */
  readonly verbatim?: boolean | undefined;
}

/**
 * Another proxy in front of the group's other servers, which all know what it knows: it is asked once, briefly, and its
 * refusals are not the last word.
 */
export interface Relay {
  readonly url: string;
  /** What it is sent instead, where it takes other credentials. */
  readonly access?: ((request: OriginRequest) => Pick<OriginRequest, 'target' | 'headers'>) | undefined;
  /** Shorter than those of an origin; the longest time a request loses to a relay that hangs. */
  readonly timeouts: OriginTimeouts;
}

export interface OriginTimeouts {
  /** To a usable connection, TLS and CONNECT included, ms. */
  readonly connectMs: number;
  /** From the request sent to its final head, ms. */
  readonly headersMs: number;
  /** Silence within a body, or falling behind the least rate, ms (`Pace`); time in which the reader has paused does not count. */
  readonly bodyMs: number;
}

export interface QueueBounds {
  /** Requests that may wait per group; beyond, the lowest class is turned away. Default 1000. */
  readonly length?: number | undefined;
  /** Longest wait of one request, ms. Default 10 000. */
  readonly waitMs?: number | undefined;
  /** A hold (429) longer than this is answered at once instead of waited for, ms. Default 3 000. */
  readonly holdMs?: number | undefined;
}

export interface ProxyOptions {
  /** `HTTPS_PROXY`: for `https:` servers. */
  readonly https?: string | undefined;
  /** `HTTP_PROXY`: for `http:` servers (they are tunnelled with CONNECT as well). */
  readonly http?: string | undefined;
  /** `NO_PROXY`: hosts, `.suffixes`, `host:port` or `*`, comma separated. Loopback is always excluded. */
  readonly noProxy?: string | undefined;
}

/** What may change while it runs. */
export interface OriginLimits {
  readonly timeouts: OriginTimeouts;
  /** Further attempts after the first, over all servers of the group. Contract default 3; 0 = none. */
  readonly maxRetries: number;
  /** By name; as in `UpstreamGroupOptions`. */
  readonly groups: readonly Pick<UpstreamGroupOptions, 'name' | 'maxConnections' | 'rate' | 'burst'>[];
}

export interface OriginOptions extends OriginLimits {
  readonly groups: readonly UpstreamGroupOptions[];
  readonly clock: Clock;
  readonly queue?: QueueBounds | undefined;
  /** The budget of all nodes, asked after this node's own. Default: this node is alone. */
  readonly shared?: SharedBudget | undefined;
  readonly proxy?: ProxyOptions | undefined;
  /** Between two probes of a server that has been left, ms. Default 30 000. */
  readonly healthCheckMs?: number | undefined;
  /** Bytes a response head may have. Default 64 KiB. */
  readonly maxHeaderBytes?: number | undefined;
  readonly onEvent?: ((event: OriginEvent) => void) | undefined;
}
