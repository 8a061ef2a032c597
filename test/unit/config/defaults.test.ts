import { expect, test } from 'vitest';
import { SETTING_GROUPS, SETTING_NAMES } from '../../../src/config/settings/index.js';
import { load, shown } from './helpers.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

test('an empty environment gives the contract’s defaults', () => {
  const { config } = load();
  expect(config.server).toMatchObject({
    port: 6635,
    workers: 4,
    logLevel: 'info',
    region: 'default',
    host: undefined,
  });
  expect(config.server.serverId).toBe('tmdb-cache-proxy-box.local-abcd1234');
  expect(config.upstream).toMatchObject({
    type: 'tmdb',
    maxConnections: 20,
    rate: 40,
    maxRetries: 3,
    credentials: [],
  });
  expect(
    config.upstream.groups.map((group) => [group.name, group.servers.map((server) => server.origin)]),
  ).toEqual([
    ['api', ['https://api.themoviedb.org', 'https://api.tmdb.org']],
    ['image', ['https://image.tmdb.org']],
  ]);
  expect(config.cache).toMatchObject({
    enabled: true,
    ttlPolicy: 'content-type',
    memoryBytes: 256 * 1024 ** 2,
    memoryBytesPerWorker: 64 * 1024 ** 2,
    diskBytes: 10 * 1024 ** 3,
    maxEntryBytes: 32 * 1024 ** 2,
    dir: '/work/data',
    softTimeoutMs: 1500,
    l2: 'disk',
  });
  expect(config.redis).toMatchObject({
    poolSize: 10,
    connectTimeoutMs: 5000,
    readTimeoutMs: 3000,
    writeTimeoutMs: 3000,
    maxRetries: 3,
    retryDelayMs: 500,
    diskFallback: true,
    l2: undefined,
  });
});

test('details stay fresh for seven days while the change feed, read every quarter of an hour, is healthy', () => {
  expect(load({ TMDB_API_KEY: 'k' }).config.changeFeed).toEqual({
    enabled: true,
    intervalMs: 15 * MINUTE,
    ttlMs: 7 * DAY,
  });
});

test('class times are the design’s table, bounded by 180 days in all', () => {
  const { classes } = load().config.cache;
  expect(classes.detail).toEqual({
    memoryMs: 15 * MINUTE,
    freshMs: 360 * MINUTE,
    swrMs: 60 * MINUTE,
    sieMs: 7 * DAY,
  });
  expect(classes.other).toEqual(classes.detail);
  expect(classes.search).toEqual({
    memoryMs: 3 * MINUTE,
    freshMs: 10 * MINUTE,
    swrMs: 10 * MINUTE,
    sieMs: DAY,
  });
  expect(classes.changes).toEqual({
    memoryMs: 3 * MINUTE,
    freshMs: 10 * MINUTE,
    swrMs: 0,
    sieMs: 60 * MINUTE,
  });
  expect(classes.static).toEqual({ memoryMs: 15 * MINUTE, freshMs: DAY, swrMs: DAY, sieMs: 30 * DAY });
  expect(classes.image).toEqual({
    memoryMs: 30 * MINUTE,
    freshMs: 7 * DAY,
    swrMs: 30 * DAY,
    sieMs: 173 * DAY,
  });
  expect(classes.negative).toEqual({ memoryMs: MINUTE, freshMs: 5 * MINUTE, swrMs: 0, sieMs: 0 });
  expect(shown(load(), 'IMAGE_STALE_IF_ERROR')).toMatchObject({ value: 173 * 24 * 60, source: 'derived' });
});

test('every variable is shown once, and is in a chapter', () => {
  const names = load().effective.map((setting) => setting.name);
  expect(names.sort()).toEqual([...SETTING_NAMES].sort());
  expect(SETTING_GROUPS.flatMap((group) => group.names).length).toBe(SETTING_NAMES.length);
});

test('the contract’s variables all exist', () => {
  const contract = `HOST PORT WORKERS ADMIN_PORT METRICS_PORT LOG_LEVEL SERVER_ID REGION TRUST_PROXY PUBLIC_URL
    TMDB_API_KEY TMDB_API_URLS TMDB_IMAGE_URLS UPSTREAM_TYPE UPSTREAM_SERVERS UPSTREAM_MAX_CONNECTIONS UPSTREAM_RATE
    REQUEST_TIMEOUT MAX_RETRIES HEALTH_CHECK_INTERVAL HTTPS_PROXY CACHE_ENABLED TTL_POLICY MEMORY_CACHE_BYTES
    DISK_CACHE_BYTES MAX_ENTRY_BYTES CACHE_DIR JSON_MEMORY_TTL JSON_DISK_TTL IMAGE_MEMORY_TTL IMAGE_DISK_TTL
    SEARCH_MEMORY_TTL SEARCH_DISK_TTL STALE_WHILE_REVALIDATE STALE_IF_ERROR IMAGE_STALE_IF_ERROR USE_REDIS
    REDIS_CLUSTER_NODES REDIS_URL REDIS_SENTINELS REDIS_SENTINEL_NAME REDIS_USERNAME REDIS_PASSWORD REDIS_DB REDIS_TLS
    REDIS_POOL_SIZE REDIS_MIN_IDLE_CONNS REDIS_CONNECT_TIMEOUT REDIS_READ_TIMEOUT REDIS_WRITE_TIMEOUT
    REDIS_MAX_RETRIES REDIS_RETRY_DELAY REDIS_KEY_PREFIX REDIS_FALLBACK_NODES USE_DISK_CACHE_FALLBACK BUS_REDIS_URL
    PEER_PROXIES PARENT_PROXY ADMIN_API_KEY PROXY_KEYS PROXY_KEYS_FILE CHANGE_FEED CHANGE_FEED_INTERVAL
    CHANGE_FEED_TTL OFFLINE SHUTDOWN_DELAY SHUTDOWN_TIMEOUT`;
  expect(SETTING_NAMES).toEqual(expect.arrayContaining(contract.split(/\s+/)));
});

test('the configuration survives structured clone and JSON on its way to the workers', () => {
  const { config } = load({ REDIS_URL: 'redis://r', TMDB_API_KEY: 'k', TRUST_PROXY: 'loopback' });
  expect(structuredClone(config)).toEqual(config);
  expect(JSON.parse(JSON.stringify(config))).toEqual(JSON.parse(JSON.stringify(structuredClone(config))));
});
