import { describe, expect, test } from 'vitest';
import { load, mistakesOf, shown } from './helpers.js';

describe('durations', () => {
  test('are minutes or seconds with fractions', () => {
    const { config } = load({ JSON_MEMORY_TTL: '0.05', REQUEST_TIMEOUT: '.5', REDIS_RETRY_DELAY: '250' });
    expect(config.cache.classes.detail.memoryMs).toBe(3000);
    expect(config.upstream.requestTimeoutMs).toBe(500);
    expect(config.redis.retryDelayMs).toBe(250);
  });
  test('are shown in their own unit', () => {
    expect(shown(load({ JSON_MEMORY_TTL: '0.05' }), 'JSON_MEMORY_TTL')).toMatchObject({
      value: 0.05,
      source: 'env',
    });
  });
  test.each([
    ['JSON_MEMORY_TTL', '15m', 'without a suffix: 15'],
    ['JSON_MEMORY_TTL', '30s', 'without a suffix: 0.5'],
    ['REQUEST_TIMEOUT', '500ms', 'seconds without a suffix: 0.5'],
    ['REQUEST_TIMEOUT', '-1', 'number of seconds'],
    ['REQUEST_TIMEOUT', '0', 'more than 0'],
    ['REQUEST_TIMEOUT', '99999999', 'at most'],
    ['IMAGE_DISK_TTL', '259201', '259200 minutes (180 days'],
    ['JSON_DISK_TTL', 'Infinity', 'number of minutes'],
    ['JSON_DISK_TTL', '0.0000001', 'write 0, or at least'],
  ])('%s=%s is refused', (name, value, advice) => {
    const [mistake, ...others] = mistakesOf({ [name]: value });
    expect(others).toEqual([]);
    expect(mistake).toContain(`${name}="${value}": `);
    expect(mistake).toContain(advice);
  });
});

describe('sizes', () => {
  test.each([
    ['1048576', 1_048_576],
    ['64mb', 64 * 1024 ** 2],
    ['64 MB', 64 * 1024 ** 2],
    ['1GiB', 1024 ** 3],
    ['1.5k', 1536],
    ['2T', 2 * 1024 ** 4],
    ['100B', 100],
  ])('%s', (text, bytes) => {
    expect(load({ DISK_CACHE_BYTES: text }).config.cache.diskBytes).toBe(bytes);
  });
  test.each(['lots', '-1', '0', '1eb', '9999999999tb', 'mb'])('%s is refused', (text) => {
    expect(mistakesOf({ DISK_CACHE_BYTES: text })).toEqual([
      expect.stringMatching(/^DISK_CACHE_BYTES=".*64mb or 1GiB/),
    ]);
  });
  test('memory may be nothing at all', () => {
    expect(load({ MEMORY_CACHE_BYTES: '0' }).config.cache.memoryBytes).toBe(0);
  });
});

describe('switches', () => {
  test.each(['false', '0', 'no', 'off', 'FALSE'])('%s', (text) => {
    expect(load({ CACHE_ENABLED: text }).config.cache.enabled).toBe(false);
  });
  test.each(['true', '1', 'yes', 'on'])('%s', (text) => {
    expect(load({ OFFLINE: text }).config.cache.offline).toBe(true);
  });
  test('anything else is refused', () => {
    expect(mistakesOf({ OFFLINE: 'maybe' })[0]).toMatch(/^OFFLINE="maybe": write true or false/);
  });
});

describe('ports', () => {
  test('0 and 65535 are ports', () => {
    expect(load({ PORT: '0' }).config.server.port).toBe(0);
    expect(load({ PORT: '65535' }).config.server.port).toBe(65_535);
    expect(load({ PORT: '0', ADMIN_PORT: '0', METRICS_PORT: '0' }).config.server.adminPort).toBe(0);
  });
  test.each(['65536', '-1', '80.5', 'http', '6635;', '0x50'])('%s is refused', (text) => {
    expect(mistakesOf({ PORT: text })).toEqual([expect.stringContaining('from 0 to 65535')]);
  });
  test('cannot be shared', () => {
    expect(mistakesOf({ PORT: '8080', ADMIN_PORT: '8080', METRICS_PORT: '6635' })).toEqual([
      expect.stringMatching(/^ADMIN_PORT: 8080 is also PORT/),
    ]);
    expect(mistakesOf({ ADMIN_PORT: '6635' })[0]).toMatch(/^ADMIN_PORT: 6635 is also PORT/);
  });
});

describe('budget', () => {
  test('takes any positive number', () => {
    const { upstream } = load({ UPSTREAM_RATE: '0.5', UPSTREAM_MAX_CONNECTIONS: '1e6' }).config;
    expect(upstream).toMatchObject({ rate: 0.5, maxConnections: 1_000_000 });
    expect(load({ UPSTREAM_MAX_CONNECTIONS: '2.5' }).config.upstream.maxConnections).toBe(3);
  });
  test.each(['0', '-3', 'many'])('%s is refused', (text) => {
    expect(mistakesOf({ UPSTREAM_RATE: text })).toHaveLength(1);
  });
});

test('TRUST_PROXY is a switch, hops or addresses', () => {
  const trust = (text: string) => load({ TRUST_PROXY: text }).config.server.trustProxy;
  expect(trust('true')).toBe(true);
  expect(trust('off')).toBe(false);
  expect(trust('2')).toBe(2);
  expect(trust('loopback, 10.0.0.0/8,fd00::/8')).toEqual(['loopback', '10.0.0.0/8', 'fd00::/8']);
  expect(mistakesOf({ TRUST_PROXY: '10.0.0.0/99' })[0]).toContain('10.0.0.0/8');
});

test('LOG_LEVEL and UPSTREAM_TYPE list their choices', () => {
  expect(load({ LOG_LEVEL: 'DEBUG' }).config.server.logLevel).toBe('debug');
  expect(mistakesOf({ LOG_LEVEL: 'loud', UPSTREAM_TYPE: 'imdb' })).toEqual([
    'LOG_LEVEL="loud": write one of fatal, error, warn, info, debug, trace, silent',
    'UPSTREAM_TYPE="imdb": write one of tmdb, tmdb-api, tmdb-image, custom',
  ]);
});

describe('addresses of servers', () => {
  test('may be http and loopback, with a port', () => {
    const { upstream } = load({ TMDB_API_URLS: 'http://127.0.0.1:9000/,http://[::1]:9001' }).config;
    expect(upstream.groups[0]?.servers.map((server) => server.origin)).toEqual([
      'http://127.0.0.1:9000',
      'http://[::1]:9001',
    ]);
  });
  test.each([
    ['TMDB_API_URLS', 'https://api.themoviedb.org/3', 'leave out the path'],
    ['TMDB_API_URLS', 'api.themoviedb.org', 'write a URL such as https://api.themoviedb.org'],
    ['TMDB_API_URLS', 'ftp://x.org', 'write a URL'],
    ['TMDB_IMAGE_URLS', 'https://x.org?a=b', 'leave out the query'],
    ['TMDB_IMAGE_URLS', ',', 'write URLs'],
    ['PUBLIC_URL', 'tmdb.example.org', 'write a URL'],
    ['PEER_PROXIES', 'https://a.org/x', 'leave out the path'],
    ['HTTPS_PROXY', 'socks5://x:1', 'write a URL'],
  ])('%s=%s is refused', (name, value, advice) => {
    const mistakes = mistakesOf({ [name]: value });
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toMatch(new RegExp(`^${name}`));
    expect(mistakes[0]).toContain(advice);
  });
  test('TMDB takes no login in its URL, peers and custom upstreams do', () => {
    const [mistake] = mistakesOf({ TMDB_API_URLS: 'https://joe:s3cr3tpw@api.themoviedb.org' });
    expect(mistake).toContain('leave out the user and the password');
    expect(mistake).not.toContain('s3cr3tpw');
    const loaded = load({ PEER_PROXIES: 'https://:k%40y@eu.org', PARENT_PROXY: 'https://joe:pw@p.org:6635' });
    expect(loaded.config.cluster.peers).toEqual([
      { origin: 'https://eu.org', username: undefined, password: 'k@y' },
    ]);
    expect(loaded.config.cluster.parent).toEqual({
      origin: 'https://p.org:6635',
      username: 'joe',
      password: 'pw',
    });
    expect(shown(loaded, 'PEER_PROXIES').value).toBe('https://***@eu.org');
  });
  test('a malformed login is refused without being shown', () => {
    expect(mistakesOf({ PARENT_PROXY: 'https://joe:%zzplanted@p.org' })).toEqual([
      'PARENT_PROXY: percent-encode the user and the password in the URL',
    ]);
  });
  test('PUBLIC_URL may have a path and loses its last slash', () => {
    expect(load({ PUBLIC_URL: 'https://x.org/tmdb/' }).config.server.publicUrl).toBe('https://x.org/tmdb');
    expect(load({ PUBLIC_URL: 'https://x.org/' }).config.server.publicUrl).toBe('https://x.org');
  });
  test('HTTPS_PROXY is taken without a scheme and in small letters', () => {
    expect(load({ HTTPS_PROXY: 'proxy:3128' }).config.upstream.httpsProxy).toBe('http://proxy:3128/');
    expect(load({ https_proxy: 'http://joe:pw@proxy:3128' }).config.upstream.httpsProxy).toContain('joe:pw@');
  });
});

test('TMDB credentials are told apart by shape', () => {
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl-_';
  expect(
    load({ TMDB_API_KEY: `0123456789abcdef0123456789abcdef, ${jwt},odd.key` }).config.upstream.credentials,
  ).toEqual([
    { kind: 'v3', value: '0123456789abcdef0123456789abcdef' },
    { kind: 'v4', value: jwt },
    { kind: 'v3', value: 'odd.key' },
  ]);
  expect(mistakesOf({ TMDB_API_KEY: `Bearer ${jwt}` })[0]).toMatch(
    /^TMDB_API_KEY: .*without spaces or "Bearer"$/,
  );
});

test('names keep to what headers, labels and keys take', () => {
  expect(
    mistakesOf({ REGION: 'eu west', SERVER_ID: '-x', REDIS_KEY_PREFIX: 'a{b}', ADMIN_API_KEY: 'two words' }),
  ).toHaveLength(4);
});

test('CACHE_DIR is absolute for those who use it', () => {
  expect(load({ CACHE_DIR: 'x/y' }).config.cache.dir).toBe('/work/x/y');
  expect(load({ CACHE_DIR: '/var/cache/tmdb' }).config.cache.dir).toBe('/var/cache/tmdb');
});

test('all mistakes are told at once', () => {
  const mistakes = mistakesOf({ PORT: 'x', JSON_DISK_TTL: 'y', USE_REDIS: 'true', MEMORY_CACHE_BYTE: '1' });
  expect(mistakes.map((line) => line.split(/[=:]/)[0]).sort()).toEqual(
    ['JSON_DISK_TTL', 'MEMORY_CACHE_BYTE', 'PORT', 'USE_REDIS'].sort(),
  );
  for (const line of mistakes) expect(line).not.toContain('\n');
});
