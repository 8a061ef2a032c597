/**
 * The configuration as the rest of the program sees it: plain data, durations in ms, sizes in bytes. It survives
 * structured clone and JSON, so the primary process loads it once and hands it to its workers. It holds secrets:
 * never log it, print `EffectiveSetting`s instead.
 */
export interface Config {
  readonly server: ServerConfig;
  readonly admin: AdminConfig;
  readonly clients: ClientsConfig;
  readonly upstream: UpstreamConfig;
  readonly cache: CacheConfig;
  readonly redis: RedisConfig;
  readonly cluster: ClusterConfig;
  readonly changeFeed: ChangeFeedConfig;
  readonly warm: WarmConfig;
}

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface ServerConfig {
  /** Address to listen on; undefined is every interface, IPv6 and IPv4 (what Node's `listen` does without a host). */
  readonly host: string | undefined;
  /** 0 asks the system for any free port. */
  readonly port: number;
  /** Management paths move to this port when set; undefined keeps them on the main one. */
  readonly adminPort: number | undefined;
  readonly metricsPort: number | undefined;
  readonly workers: number;
  readonly logLevel: LogLevel;
  readonly serverId: string;
  readonly region: string;
  readonly trustProxy: TrustProxy;
  /** Without a trailing slash. */
  readonly publicUrl: string | undefined;
  /** From "not ready" to closing the listener. */
  readonly shutdownDelayMs: number;
  /** From closing the listener to giving up on what is still in flight. */
  readonly shutdownTimeoutMs: number;
  readonly fastPath: boolean;
  /** Hits logged per second and process. */
  readonly logHits: number;
  /** Lines of each group of levels per second and process. */
  readonly logLines: number;
  /** Per process and port. */
  readonly maxConnections: number;
  /** Of these from one client; 0: no bound. */
  readonly maxConnectionsPerClient: number;
  /** Under way in one process. */
  readonly maxRequests: number;
}

/** Whose `X-Forwarded-*` is believed: everyone's, nobody's, that many hops, or these addresses (proxy-addr's syntax). */
export type TrustProxy = boolean | number | readonly string[];

export interface AdminConfig {
  /** Undefined: management paths answer on loopback only (CONTRACT, Authorisation). */
  readonly apiKey: string | undefined;
}

export interface ClientsConfig {
  /** Text of `PROXY_KEYS` as given; its grammar belongs to the proxy-key module. */
  readonly proxyKeys: string | undefined;
  /** Absolute path of the file that holds proxy keys. */
  readonly proxyKeysFile: string | undefined;
}

export type UpstreamType = 'tmdb' | 'tmdb-api' | 'tmdb-image' | 'custom';
/** Names as in `OriginRequest.upstream`. */
export type UpstreamName = 'api' | 'image' | 'custom';

/** Somebody else's server. `origin` (scheme, host, port) may be shown to anyone; the credentials may not. */
export interface Endpoint {
  readonly origin: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** Hosts that can stand in for each other, the preferred one first. */
export interface UpstreamGroup {
  readonly name: UpstreamName;
  readonly servers: readonly Endpoint[];
}

/** A v3 key goes into the query as `api_key`, a v4 read token into `Authorization: Bearer`. */
export interface TmdbCredential {
  readonly kind: 'v3' | 'v4';
  readonly value: string;
}

export interface UpstreamConfig {
  readonly type: UpstreamType;
  /** The groups this type has: `tmdb` api and image, `tmdb-api` api, `tmdb-image` image, `custom` custom. */
  readonly groups: readonly UpstreamGroup[];
  /** In order of preference; empty when clients bring their own. */
  readonly credentials: readonly TmdbCredential[];
  /** Per host. */
  readonly maxConnections: number;
  /** Requests per second, may be fractional; null: no limit. */
  readonly rate: number | null;
  /** Longest silence from a host, before the head and between pieces of a body. */
  readonly requestTimeoutMs: number;
  readonly maxRetries: number;
  /** Fetches that one process has under way. */
  readonly maxFlights: number;
  /** 0: no active checks. */
  readonly healthCheckIntervalMs: number;
  /** Forward proxy for `https://` origins, credentials included. */
  readonly httpsProxy: string | undefined;
}

export const CLASS_NAMES = ['image', 'detail', 'search', 'changes', 'static', 'other', 'negative'] as const;
export type ClassName = (typeof CLASS_NAMES)[number];

/** Times of one class (DESIGN, Times). `freshMs` plus either window never exceeds `MAX_CACHE_MS`. */
export interface ClassTtl {
  readonly memoryMs: number;
  readonly freshMs: number;
  readonly swrMs: number;
  readonly sieMs: number;
}

/** TMDB's terms: nothing is kept longer than six months. */
export const MAX_CACHE_MS = 180 * 24 * 3600 * 1000;

export type TtlPolicy = 'content-type' | 'origin';

export interface CacheConfig {
  readonly enabled: boolean;
  readonly ttlPolicy: TtlPolicy;
  readonly classes: Readonly<Record<ClassName, ClassTtl>>;
  /** How long a request that has a servable stale value waits for the origin. */
  readonly softTimeoutMs: number;
  /** All workers together. */
  readonly memoryBytes: number;
  readonly memoryBytesPerWorker: number;
  readonly diskBytes: number;
  readonly maxEntryBytes: number;
  /** Absolute path. */
  readonly dir: string;
  /** Whether max-stale in a request loosens freshness (RFC 9111 section 5.2.1.2). */
  readonly honourMaxStale: boolean;
  readonly offline: boolean;
  /** Stores keep an answer for at least this long after it was stored, for `OFFLINE` and for an origin that is away. */
  readonly keepMs: number;
  /** What L2 should be (DESIGN, Configuration derives itself). */
  readonly l2: L2Kind;
}

export type L2Kind = 'redis' | 'disk';
export type BusKind = 'redis' | 'local';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** One Redis deployment with all that is needed to log in. */
export interface RedisTarget {
  readonly mode: 'standalone' | 'cluster' | 'sentinel';
  /** The server, the cluster's seeds, or the Sentinels. */
  readonly nodes: readonly HostPort[];
  /** Set when `mode` is `sentinel`. */
  readonly sentinelName: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
  readonly tls: boolean;
}

export interface RedisConfig {
  /** Defined exactly when `cache.l2` is `redis`. */
  readonly l2: RedisTarget | undefined;
  /** Defined exactly when `cluster.bus` is `redis`. */
  readonly bus: RedisTarget | undefined;
  readonly fallback: RedisTarget | undefined;
  readonly diskFallback: boolean;
  readonly poolSize: number;
  readonly minIdleConns: number;
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
  readonly maxRetries: number;
  readonly retryDelayMs: number;
  readonly keyPrefix: string;
}

export interface ClusterConfig {
  readonly bus: BusKind;
  readonly peers: readonly Endpoint[];
  readonly parent: Endpoint | undefined;
}

export interface ChangeFeedConfig {
  readonly enabled: boolean;
  readonly intervalMs: number;
  /** How long details stay fresh while the feed is healthy. */
  readonly ttlMs: number;
}

export interface WarmConfig {
  /** Without a trailing slash. */
  readonly exportUrl: string;
  /** Keys that a start brings from L2 into each L1. */
  readonly topKeys: number;
}

/** Where a value came from. `file` is `.env`, `--config` or a `NAME_FILE`; the reason says which. */
export type SettingSource = 'default' | 'env' | 'file' | 'derived';

/** One variable as it holds now, fit for anyone's eyes: secrets are `***`, URLs have no credentials. */
export interface EffectiveSetting {
  readonly name: string;
  /** In the variable's own unit; null when it has no value. */
  readonly value: string | number | boolean | null;
  readonly source: SettingSource;
  readonly reason: string;
}
