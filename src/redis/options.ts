import type { ClusterOptions, NatMap, RedisOptions } from 'ioredis';

/** Where a Redis deployment is and how to log in. */
export interface RedisAddress {
  readonly mode: 'cluster' | 'sentinel' | 'standalone';
  /** Seeds of the cluster, the one server, or the Sentinels. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  /** Name of the master group, in Sentinel mode. */
  readonly sentinelName: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
  readonly tls: boolean;
  /** Where announced addresses are reached from here; tests and NAT. */
  readonly natMap?: NatMap;
}

/** Upper bounds of one call, ms. What is slower counts as failed: the next tier or the origin is asked instead. */
export interface RedisDeadlines {
  /** A small value on the path of a request. */
  readonly read: number;
  /** A large body. */
  readonly bulk: number;
  readonly write: number;
  /** Purges, leases, the registry, scans: one command each. */
  readonly control: number;
}

export interface RedisSettings {
  readonly connectTimeoutMs: number;
  readonly deadlines: RedisDeadlines;
  /** First pause before connecting again, ms; doubled up to `MAX_RETRY_MS`. */
  readonly retryDelayMs: number;
  /** Further attempts at one command of a cluster within its deadline. */
  readonly maxRetries: number;
}

/** A node that came back is used again within this long, ms. */
const MAX_RETRY_MS = 2000;
/** Without any pause a server that is away would be asked thousands of times a second. */
const MIN_RETRY_MS = 20;
/** Between two attempts at one command, ms: its deadline is short. */
const ATTEMPT_PAUSE_MS = 50;
/**
 * How long a client may go by an old map of slots when nothing fails, ms: without it (ioredis' default) for ever. Parsing
 * them is dear (docs/adr/0005); after trouble `RedisLink` asks at once.
 */
const SLOTS_REFRESH_MS = 30_000;

/** Pause before attempt `times`, ms, with jitter from `random` in [0, 1). Always a number: anything else ends an ioredis client for good. */
function retryDelay(settings: RedisSettings, times: number, random: number): number {
  const first = Math.max(MIN_RETRY_MS, settings.retryDelayMs);
  const delay = Math.min(MAX_RETRY_MS, first * 2 ** Math.min(times - 1, 10));
  return Math.round(delay * (0.75 + 0.5 * random));
}

/** Options of one connection, whatever the topology. Each differs from ioredis' default for the reason beside it. */
function connectionOptions(address: RedisAddress, settings: RedisSettings) {
  const slowest = Math.max(...Object.values(settings.deadlines));
  return {
    username: address.username,
    password: address.password,
    ...(address.tls && { tls: {} }),
    // RESP3 pushes are dropped by ioredis 6 (docs/adr/0005); nothing here needs RESP3.
    protocol: 2,
    connectTimeout: settings.connectTimeoutMs,
    // Frees the client's own state; callers are released by our deadline, which also covers what this does not.
    commandTimeout: slowest,
    // A stopped or cut-off master keeps its connection open for ever; this ends it (docs/adr/0005).
    socketTimeout: slowest + 500,
    // A command that failed is answered from elsewhere at once; repeating it later would only waste the server.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // ioredis catches nothing of what it subscribes to by itself on a new connection: one that breaks or hangs again ended the
    // process. Who listens subscribes on each (`bell.ts`, `fill-bell.ts`).
    autoResubscribe: false,
    noDelay: true,
    keepAlive: 10_000,
    // Needs a right (CLIENT SETINFO) that a narrow ACL may not give.
    disableClientInfo: true,
  } as const satisfies RedisOptions;
}

/** A standalone server or a Sentinel group. */
export function singleOptions(address: RedisAddress, settings: RedisSettings, random: () => number) {
  const common = {
    ...connectionOptions(address, settings),
    lazyConnect: true,
    db: address.db,
    // Without a connection a command fails at once instead of waiting for one.
    enableOfflineQueue: false,
    retryStrategy: (times: number) => retryDelay(settings, times, random()),
    // After a failover the old master comes back as a replica: connect anew to find the master.
    reconnectOnError: (error: Error) => /^READONLY\b/.test(error.message),
  } satisfies RedisOptions;
  if (address.mode === 'sentinel') {
    return {
      ...common,
      sentinels: address.nodes.map(({ host, port }) => ({ host, port })),
      ...(address.sentinelName !== undefined && { name: address.sentinelName }),
      sentinelRetryStrategy: (times: number) => retryDelay(settings, times, random()),
      sentinelCommandTimeout: settings.deadlines.control,
      // Hears of a failover from the Sentinels instead of waiting for the old master's connection to die.
      failoverDetector: true,
      // A connection of that kind would subscribe by itself when it is back, see `autoResubscribe`, which it does not know; all of
      // them are made anew with each connection to a master.
      sentinelReconnectStrategy: () => null,
      ...(address.natMap !== undefined && { natMap: address.natMap }),
    } satisfies RedisOptions;
  }
  const [node] = address.nodes;
  return { ...common, host: node?.host ?? '127.0.0.1', port: node?.port ?? 6379 } satisfies RedisOptions;
}

export function clusterOptions(address: RedisAddress, settings: RedisSettings, random: () => number) {
  const pause = Math.min(ATTEMPT_PAUSE_MS, settings.retryDelayMs);
  return {
    lazyConnect: true,
    // At the top level: inside `redisOptions` the Cluster overrides it, and its own queue then has no time limit.
    enableOfflineQueue: false,
    clusterRetryStrategy: (times: number) => retryDelay(settings, times, random()),
    // No `clusterNodeRetryStrategy`: it keeps dead nodes in the pool, and with all of them dead the subscriber that ioredis
    // gives every cluster client goes round them without a pause (docs/adr/0005; test/unit/redis/link.test.ts).
    slotsRefreshInterval: SLOTS_REFRESH_MS,
    slotsRefreshTimeout: Math.max(1000, settings.deadlines.control),
    // A replica may lag behind a purge's rule or a lease; masters only (issue 3).
    scaleReads: 'master',
    // MOVED and ASK belong to a cluster's life; beyond them each attempt eats into a short deadline.
    maxRedirections: 2 + settings.maxRetries,
    retryDelayOnFailover: pause,
    retryDelayOnClusterDown: pause,
    retryDelayOnTryAgain: pause,
    // Servers that announce host names are looked up by the connection itself, so that TLS sees the name.
    dnsLookup: (name: string, callback: (error: null, address: string) => void) => callback(null, name),
    ...(address.natMap !== undefined && { natMap: address.natMap }),
    redisOptions: connectionOptions(address, settings),
  } satisfies ClusterOptions;
}
