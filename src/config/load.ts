import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Config, type EffectiveSetting, MAX_CACHE_MS } from './config.js';
import { ConfigError, errorCode, Mistakes } from './config-error.js';
import type { DerivedValues } from './derive/derived.js';
import {
  deriveMemoryCache,
  deriveServerId,
  deriveWorkers,
  type Machine,
  thisMachine,
} from './derive/machine.js';
import { deriveRedis } from './derive/redis.js';
import { deriveTimes } from './derive/times.js';
import { deriveChangeFeed, deriveTtlPolicy, deriveUpstream } from './derive/upstream.js';
import { effectiveSettings } from './effective.js';
import { readValues } from './read-values.js';
import type { SettingName, Values } from './settings/index.js';
import { type Given, gather, type ReadFile, readLayers } from './sources.js';
import { reportUnknown, withoutServiceLinks } from './unknown.js';

export interface LoadOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where `.env` is looked for and relative paths begin. */
  readonly cwd: string;
  /** What `--config` named. */
  readonly configFile?: string | undefined;
  readonly readFile?: ReadFile | undefined;
  readonly machine?: Machine | undefined;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Every variable with where its value comes from, redacted; what `/config` answers and the start prints. */
  readonly effective: readonly EffectiveSetting[];
  /** What it was made from. Holds secrets. */
  readonly given: ReadonlyMap<SettingName, Given>;
  readonly machine: Machine;
}

/**
 * Reads, checks and derives the whole configuration. The environment wins over `.env`, which wins over `--config`,
 * which wins over defaults. Throws a ConfigError with every mistake there is.
 */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const { env, cwd, configFile, readFile = fromDisk } = options;
  const mistakes = new Mistakes();
  const sources = { env, cwd, configFile, readFile };

  const layers = withoutServiceLinks(readLayers(sources, mistakes));
  reportUnknown(layers, mistakes);
  return assemble(gather(layers, sources, mistakes), options, mistakes);
}

const fromDisk: ReadFile = (path) => readFileSync(path, 'utf8');

/** Checks and derives a configuration from the text of its variables. Throws a ConfigError with these mistakes and its own. */
export function assemble(
  given: ReadonlyMap<SettingName, Given>,
  { cwd, readFile = fromDisk, machine = thisMachine() }: LoadOptions,
  mistakes = new Mistakes(),
): LoadedConfig {
  const values = readValues(given, mistakes);
  checkPorts(values, mistakes);
  checkProxyKeys(values, mistakes);

  const derived: DerivedValues = new Map();
  const isGiven = (name: SettingName) => given.has(name);
  const { redis, l2, bus } = deriveRedis(values, isGiven, derived, mistakes);
  const workers = deriveWorkers(values, machine, derived);
  const memoryBytes = deriveMemoryCache(values, machine, derived);
  const ttlPolicy = deriveTtlPolicy(values, derived);
  const config: Config = {
    server: {
      host: values.HOST,
      port: values.PORT,
      adminPort: values.ADMIN_PORT,
      metricsPort: values.METRICS_PORT,
      workers,
      logLevel: values.LOG_LEVEL,
      serverId: deriveServerId(values, machine, derived),
      region: values.REGION,
      trustProxy: values.TRUST_PROXY,
      publicUrl: values.PUBLIC_URL,
      shutdownDelayMs: values.SHUTDOWN_DELAY,
      shutdownTimeoutMs: values.SHUTDOWN_TIMEOUT,
      fastPath: values.FAST_PATH,
      logHits: values.LOG_HITS,
      logLines: values.LOG_LINES,
      maxConnections: values.MAX_CONNECTIONS,
      maxConnectionsPerClient: values.MAX_CONNECTIONS_PER_CLIENT,
      maxRequests: values.MAX_REQUESTS,
    },
    admin: { apiKey: values.ADMIN_API_KEY },
    clients: { proxyKeys: values.PROXY_KEYS, proxyKeysFile: proxyKeysFile(values, cwd, readFile, mistakes) },
    upstream: deriveUpstream(values, mistakes, isGiven('UPSTREAM_RATE'), derived),
    cache: {
      enabled: values.CACHE_ENABLED,
      ttlPolicy,
      classes: deriveTimes(values, isGiven, derived),
      softTimeoutMs: values.STALE_SOFT_TIMEOUT,
      memoryBytes,
      memoryBytesPerWorker: Math.floor(memoryBytes / workers),
      diskBytes: values.DISK_CACHE_BYTES,
      maxEntryBytes: values.MAX_ENTRY_BYTES,
      dir: resolve(cwd, values.CACHE_DIR),
      honourMaxStale: values.HONOUR_MAX_STALE,
      offline: values.OFFLINE,
      // By the letter an answer that is of no more use is not kept.
      keepMs: ttlPolicy === 'content-type' ? MAX_CACHE_MS : 0,
      l2,
    },
    redis,
    cluster: { bus, peers: values.PEER_PROXIES ?? [], parent: values.PARENT_PROXY },
    changeFeed: {
      enabled: deriveChangeFeed(values, isGiven('CHANGE_FEED'), derived),
      intervalMs: values.CHANGE_FEED_INTERVAL,
      ttlMs: values.CHANGE_FEED_TTL,
    },
    warm: { exportUrl: values.TMDB_EXPORT_URL, topKeys: values.WARM_TOP_KEYS },
  };
  if (mistakes.lines.length > 0) throw new ConfigError(mistakes.lines);
  return { config, effective: effectiveSettings(values, given, derived), given, machine };
}

/** Two listeners cannot share a port; 0 is a different one each time. */
function checkPorts(values: Values, mistakes: Mistakes): void {
  const names = ['PORT', 'ADMIN_PORT', 'METRICS_PORT'] as const;
  for (const [index, name] of names.entries()) {
    const earlier = names.slice(0, index).find((other) => values[other] === values[name]);
    if (earlier === undefined || values[name] === undefined || values[name] === 0) continue;
    mistakes.addBetween(
      [name, earlier],
      `${values[name]} is also ${earlier}; choose another port or leave ${name} unset`,
    );
  }
}

/** Proxy keys are sent where clients put a TMDB key: a generic upstream's clients have no such place. */
function checkProxyKeys(values: Values, mistakes: Mistakes): void {
  if (values.UPSTREAM_TYPE !== 'custom') return;
  for (const name of ['PROXY_KEYS', 'PROXY_KEYS_FILE'] as const) {
    if (values[name] === undefined) continue;
    mistakes.addBetween(
      [name, 'UPSTREAM_TYPE'],
      'is for TMDB only: its keys stand in for TMDB keys; unset it with UPSTREAM_TYPE=custom',
    );
  }
}

/** A keys file that cannot be read must not leave the proxy open to everybody. */
function proxyKeysFile(
  values: Values,
  cwd: string,
  readFile: ReadFile,
  mistakes: Mistakes,
): string | undefined {
  if (values.PROXY_KEYS_FILE === undefined) return undefined;
  const path = resolve(cwd, values.PROXY_KEYS_FILE);
  try {
    readFile(path);
  } catch (thrown) {
    const advice = `cannot be read (${errorCode(thrown)}); give the path of a readable file`;
    mistakes.add('PROXY_KEYS_FILE', advice);
  }
  return path;
}
