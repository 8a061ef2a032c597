import { describe, expect, test } from 'vitest';
import { load, MACHINE, mistakesOf, shown } from './helpers.js';

describe('Redis (DESIGN, Configuration derives itself)', () => {
  test.each([
    [
      { REDIS_CLUSTER_NODES: 'a:1,b' },
      'cluster',
      [
        { host: 'a', port: 1 },
        { host: 'b', port: 6379 },
      ],
    ],
    [{ REDIS_URL: 'redis://r' }, 'standalone', [{ host: 'r', port: 6379 }]],
    [
      { REDIS_SENTINELS: '[::1]:7,s', REDIS_SENTINEL_NAME: 'mymaster' },
      'sentinel',
      [
        { host: '::1', port: 7 },
        { host: 's', port: 26_379 },
      ],
    ],
  ] as const)('rules 1 and 2: %j makes L2 Redis, and the bus uses it', (env, mode, nodes) => {
    const loaded = load(env);
    expect(loaded.config.cache.l2).toBe('redis');
    expect(loaded.config.redis.l2).toMatchObject({ mode, nodes });
    expect(loaded.config.cluster.bus).toBe('redis');
    expect(loaded.config.redis.bus).toEqual(loaded.config.redis.l2);
    const variable = Object.keys(env)[0];
    expect(shown(loaded, 'USE_REDIS')).toMatchObject({
      value: true,
      source: 'derived',
      reason: `${variable} is given: L2 is Redis`,
    });
    expect(shown(loaded, 'BUS_REDIS_URL')).toMatchObject({
      source: 'derived',
      reason: `${variable} is given: the bus uses the Redis of L2`,
    });
  });

  test('rule 3: a Redis of the bus alone is L2’s too', () => {
    const loaded = load({ BUS_REDIS_URL: 'redis://joe:planted@bus:1/2' });
    expect(loaded.config.cache.l2).toBe('redis');
    expect(loaded.config.redis.l2).toEqual({
      mode: 'standalone',
      nodes: [{ host: 'bus', port: 1 }],
      sentinelName: undefined,
      username: 'joe',
      password: 'planted',
      db: 2,
      tls: false,
    });
    expect(shown(loaded, 'REDIS_URL')).toEqual({
      name: 'REDIS_URL',
      value: 'redis://***@bus:1/2',
      source: 'derived',
      reason: 'BUS_REDIS_URL is given: L2 uses the Redis of the bus',
    });
  });

  test('rule 4: Redis demanded without an address is refused', () => {
    const [mistake, ...others] = mistakesOf({ USE_REDIS: 'true' });
    expect(others).toEqual([]);
    expect(mistake).toMatch(
      /^USE_REDIS: true demands Redis.*set REDIS_CLUSTER_NODES, REDIS_URL or REDIS_SENTINELS/,
    );
    expect(mistakesOf({ USE_REDIS: 'true', REDIS_FALLBACK_NODES: 'a' })[0]).toMatch(/^USE_REDIS/);
  });
  test('rule 4 is not told when the address is there but bad', () => {
    expect(mistakesOf({ USE_REDIS: 'true', REDIS_URL: 'r:6379' })).toEqual([
      expect.stringMatching(/^REDIS_URL: write a URL/),
    ]);
  });

  test('explicit settings win silently', () => {
    const loaded = load({ USE_REDIS: 'true', REDIS_URL: 'redis://a', BUS_REDIS_URL: 'redis://b' });
    expect(shown(loaded, 'USE_REDIS')).toMatchObject({ value: true, source: 'env' });
    expect(shown(loaded, 'BUS_REDIS_URL')).toMatchObject({ value: 'redis://b:6379', source: 'env' });
    expect(loaded.config.redis.bus?.nodes).toEqual([{ host: 'b', port: 6379 }]);
  });
  test('USE_REDIS=false is disk, whatever is given; the bus may have its own', () => {
    const disk = load({ USE_REDIS: 'false', REDIS_URL: 'redis://a' });
    expect(disk.config.cache.l2).toBe('disk');
    expect(disk.config.cluster.bus).toBe('local');
    expect(disk.config.redis).toMatchObject({ l2: undefined, bus: undefined });
    expect(shown(disk, 'USE_REDIS').source).toBe('env');
    const bus = load({ USE_REDIS: 'false', BUS_REDIS_URL: 'redis://b' }).config;
    expect([bus.cache.l2, bus.cluster.bus]).toEqual(['disk', 'redis']);
  });
  test('nothing given is disk, and says so; auto is as unset', () => {
    for (const env of [{}, { USE_REDIS: 'auto' }]) {
      expect(shown(load(env), 'USE_REDIS')).toMatchObject({
        value: false,
        source: 'derived',
        reason: expect.stringContaining('no Redis address'),
      });
    }
    expect(load({ USE_REDIS: 'auto', REDIS_URL: 'redis://a' }).config.cache.l2).toBe('redis');
  });

  test('login: the URL’s own, else REDIS_*; the bus gets the latter only when it is the same Redis', () => {
    const login = { REDIS_USERNAME: 'u', REDIS_PASSWORD: 'p', REDIS_DB: '3', REDIS_TLS: 'true' };
    expect(load({ ...login, REDIS_URL: 'redis://a' }).config.redis.l2).toMatchObject({
      username: 'u',
      password: 'p',
      db: 3,
      tls: true,
    });
    expect(load({ ...login, REDIS_URL: 'rediss://:q@a/1' }).config.redis.l2).toMatchObject({
      username: undefined,
      password: 'q',
      db: 1,
      tls: true,
    });
    expect(
      load({ ...login, REDIS_URL: 'redis://a', BUS_REDIS_URL: 'redis://b' }).config.redis.bus,
    ).toMatchObject({ username: undefined, password: undefined, db: 0, tls: false });
    expect(load({ ...login, BUS_REDIS_URL: 'redis://b' }).config.redis.bus).toMatchObject({
      username: 'u',
      password: 'p',
    });
  });
  test('fallback: one address is a standalone, several are a cluster', () => {
    expect(load({ REDIS_FALLBACK_NODES: 'a' }).config.redis.fallback?.mode).toBe('standalone');
    expect(load({ REDIS_FALLBACK_NODES: 'a,b' }).config.redis.fallback?.mode).toBe('cluster');
  });
  test.each([
    [
      { REDIS_CLUSTER_NODES: 'a', REDIS_URL: 'redis://b' },
      'REDIS_CLUSTER_NODES: and REDIS_URL name different deployments',
    ],
    [{ REDIS_SENTINELS: 'a' }, 'REDIS_SENTINEL_NAME: is needed'],
    [{ REDIS_CLUSTER_NODES: 'a', REDIS_DB: '1' }, 'REDIS_DB: a Redis Cluster has only database 0'],
    [{ REDIS_CLUSTER_NODES: 'redis://x:planted@a' }, 'write host:port pairs'],
    [{ REDIS_CLUSTER_NODES: 'a:99999' }, 'write host:port pairs'],
    [{ REDIS_URL: 'http://a' }, 'REDIS_URL: write a URL such as redis://'],
    [{ REDIS_URL: 'redis://:planted@a/x' }, 'database number'],
  ])('%j is refused', (env, advice) => {
    const mistakes = mistakesOf(env);
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toContain(advice);
    expect(mistakes[0]).not.toContain('planted');
  });
});

describe('upstream', () => {
  test('TTL_POLICY follows the type, unless given', () => {
    const custom = { UPSTREAM_TYPE: 'custom', UPSTREAM_SERVERS: 'http://127.0.0.1:1' };
    expect(load(custom).config.cache.ttlPolicy).toBe('origin');
    expect(shown(load(custom), 'TTL_POLICY')).toEqual({
      name: 'TTL_POLICY',
      value: 'origin',
      source: 'derived',
      reason: 'preset of UPSTREAM_TYPE=custom',
    });
    expect(load({ ...custom, TTL_POLICY: 'content-type' }).config.cache.ttlPolicy).toBe('content-type');
    expect(shown(load(), 'TTL_POLICY').reason).toBe('preset of UPSTREAM_TYPE=tmdb');
  });
  test('each type has its groups', () => {
    const groups = (env: Record<string, string>) =>
      load(env).config.upstream.groups.map((group) => group.name);
    expect(groups({ UPSTREAM_TYPE: 'tmdb-api' })).toEqual(['api']);
    expect(groups({ UPSTREAM_TYPE: 'tmdb-image' })).toEqual(['image']);
    expect(groups({ UPSTREAM_TYPE: 'custom', UPSTREAM_SERVERS: 'http://a,http://b' })).toEqual(['custom']);
  });
  test('UPSTREAM_SERVERS and custom belong together', () => {
    expect(mistakesOf({ UPSTREAM_TYPE: 'custom' })).toEqual([
      expect.stringMatching(/^UPSTREAM_SERVERS: is needed/),
    ]);
    expect(mistakesOf({ UPSTREAM_SERVERS: 'http://a' })).toEqual([
      expect.stringMatching(/^UPSTREAM_SERVERS: is for UPSTREAM_TYPE=custom only/),
    ]);
    expect(mistakesOf({ UPSTREAM_TYPE: 'custom', UPSTREAM_SERVERS: 'x' })).toHaveLength(1);
  });
  test('without TMDB’s API there is no change feed', () => {
    expect(load({ TMDB_API_KEY: 'k' }).config.changeFeed.enabled).toBe(true);
    expect(shown(load({ UPSTREAM_TYPE: 'tmdb-image', TMDB_API_KEY: 'k' }), 'CHANGE_FEED')).toMatchObject({
      value: false,
      source: 'derived',
    });
  });
  test('nor without a key, unless the operator or a parent knows one', () => {
    const enabled = (env: Record<string, string>) => load(env).config.changeFeed.enabled;
    expect(shown(load(), 'CHANGE_FEED')).toMatchObject({ value: false, source: 'derived' });
    expect(enabled({ CHANGE_FEED: 'true' })).toBe(true);
    expect(enabled({ PARENT_PROXY: 'http://key@parent' })).toBe(true);
    expect(enabled({ PARENT_PROXY: 'http://parent' })).toBe(false);
  });
  test.each(['OFFLINE=true', 'CACHE_ENABLED=false', 'TTL_POLICY=origin'])(
    'nor with %s, whoever asks for it',
    (assignment) => {
      const [name, value] = assignment.split('=') as [string, string];
      const loaded = load({ CHANGE_FEED: 'true', TMDB_API_KEY: 'k', [name]: value });
      expect(shown(loaded, 'CHANGE_FEED')).toMatchObject({ value: false, source: 'derived' });
    },
  );
  test('proxy keys are for TMDB', () => {
    const custom = { UPSTREAM_TYPE: 'custom', UPSTREAM_SERVERS: 'http://a' };
    expect(mistakesOf({ ...custom, PROXY_KEYS: 'a=some-proxy-key' })).toEqual([
      expect.stringMatching(/^PROXY_KEYS: is for TMDB only/),
    ]);
  });
  test('answers are kept for OFFLINE under the class table, and by the letter only while they are of use', () => {
    expect(load().config.cache.keepMs).toBe(180 * 24 * 3600 * 1000);
    expect(load({ TTL_POLICY: 'origin' }).config.cache.keepMs).toBe(0);
  });
});

describe('times', () => {
  test('the general stale windows hold where a class has none of its own, but never for 404', () => {
    const loaded = load({ STALE_IF_ERROR: '5', IMAGE_STALE_IF_ERROR: '7', STALE_WHILE_REVALIDATE: '0' });
    const { classes } = loaded.config.cache;
    expect(classes.image).toMatchObject({ sieMs: 7 * 60_000, swrMs: 0 });
    for (const name of ['detail', 'search', 'changes', 'static', 'other'] as const) {
      expect(classes[name]).toMatchObject({ sieMs: 5 * 60_000, swrMs: 0 });
    }
    expect(classes.negative).toMatchObject({ sieMs: 0, swrMs: 0 });
    expect(shown(loaded, 'JSON_STALE_IF_ERROR')).toMatchObject({
      value: 5,
      source: 'derived',
      reason: 'STALE_IF_ERROR is given',
    });
  });
  test('a class’s own window may be given for any class', () => {
    const { classes } = load({
      NEGATIVE_STALE_WHILE_REVALIDATE: '1',
      JSON_STALE_WHILE_REVALIDATE: '0',
      SEARCH_STALE_IF_ERROR: '0.5',
    }).config.cache;
    expect(classes.negative.swrMs).toBe(60_000);
    expect(classes.detail.swrMs).toBe(0);
    expect(classes.search.sieMs).toBe(30_000);
  });
  test('what is said for JSON shortens the other JSON classes, never lengthens them', () => {
    const short = load({ JSON_DISK_TTL: '1', JSON_MEMORY_TTL: '0.05' });
    for (const name of ['static', 'changes', 'negative'] as const) {
      expect(short.config.cache.classes[name]).toMatchObject({ freshMs: 60_000, memoryMs: 3000 });
    }
    expect(short.config.cache.classes.search.freshMs).toBe(600_000);
    expect(shown(short, 'STATIC_DISK_TTL')).toMatchObject({
      value: 1,
      reason: 'no longer than JSON_DISK_TTL',
    });
    const long = load({ JSON_DISK_TTL: '10000' }).config.cache.classes;
    expect([long.changes.freshMs, long.static.freshMs]).toEqual([600_000, 1440 * 60_000]);
    expect(load({ JSON_DISK_TTL: '1', STATIC_DISK_TTL: '9' }).config.cache.classes.static.freshMs).toBe(
      540_000,
    );
  });
  test('fresh and stale together end after 180 days', () => {
    const { classes } = load({ JSON_DISK_TTL: '259200', JSON_STALE_IF_ERROR: '10' }).config.cache;
    expect(classes.detail).toMatchObject({ freshMs: 180 * 86_400_000, swrMs: 0, sieMs: 0 });
  });
});

describe('machine', () => {
  test('memory is a quarter of a small container', () => {
    const loaded = load({}, {}, { machine: { ...MACHINE, memoryBytes: 400 * 1024 ** 2 } });
    expect(loaded.config.cache.memoryBytes).toBe(100 * 1024 ** 2);
    expect(shown(loaded, 'MEMORY_CACHE_BYTES').reason).toContain('400 MiB');
  });
  test('what is given is not derived', () => {
    const loaded = load({ WORKERS: '2', SERVER_ID: 'me', MEMORY_CACHE_BYTES: '1mb' });
    expect(loaded.config.server).toMatchObject({ workers: 2, serverId: 'me' });
    expect(loaded.config.cache.memoryBytesPerWorker).toBe(512 * 1024);
    for (const name of ['WORKERS', 'SERVER_ID', 'MEMORY_CACHE_BYTES'])
      expect(shown(loaded, name).source).toBe('env');
  });
  test('an odd host name still makes an id', () => {
    const { serverId } = load({}, {}, { machine: { ...MACHINE, hostname: 'büro pc' } }).config.server;
    expect(serverId).toBe('tmdb-cache-proxy-b-ro-pc-abcd1234');
  });
  test('without a given machine it is measured', () => {
    expect(load({}, {}, { machine: undefined }).config.server.workers).toBeGreaterThan(0);
  });
});
