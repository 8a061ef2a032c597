import { describe, expect, test } from 'vitest';
import { load, mistakesOf } from './helpers.js';

test.each([
  ['MEMORY_CACHE_BYTE', 'MEMORY_CACHE_BYTES'],
  ['MEMORY_CACHE_SIZE', 'MEMORY_CACHE_BYTES'],
  ['TMDB_APIKEY', 'TMDB_API_KEY'],
  ['TMDB_READ_ACCESS_TOKEN', 'TMDB_API_KEY'],
  ['REDIS_HOST', 'REDIS_URL=redis://host:6379'],
  ['REDIS_PORT', 'REDIS_URL=redis://host:6379'],
  ['REDIS_NODES', 'REDIS_CLUSTER_NODES'],
  ['UPSTREAM_SERVER', 'UPSTREAM_SERVERS'],
  ['JSON_TTL', 'JSON_DISK_TTL'],
  ['IMAGE_STALE_ON_ERROR', 'IMAGE_STALE_IF_ERROR'],
  ['SEARCH_MEMORY', 'SEARCH_MEMORY_TTL'],
  ['STALE_IF_ERRORS', 'STALE_IF_ERROR'],
  ['ADMIN_APIKEY', 'ADMIN_API_KEY'],
  ['LOGLEVEL', 'LOG_LEVEL'],
  ['WORKER', 'WORKERS'],
  ['TTL_POLCIY', 'TTL_POLICY'],
  ['REDIS_TIMEOUT', 'REDIS_READ_TIMEOUT'],
  ['SHUTDOWN_GRACE', 'SHUTDOWN_DELAY'],
  ['log_level', 'LOG_LEVEL'],
  ['PROXY_KEY', 'PROXY_KEYS'],
  ['USE_REDDIS', 'USE_REDIS'],
])('%s stops the start', (name, meant) => {
  const value = '6379';
  const mistakes = mistakesOf({ [name]: value });
  expect(mistakes).toHaveLength(1);
  expect(mistakes[0]).toMatch(
    new RegExp(`^${name}: is not a variable of this program \\(environment\\); did you mean `),
  );
  expect(mistakes[0]).toContain(`did you mean ${meant}?`);
});

test('an unknown one in .env counts too, and its value is not shown', () => {
  const mistakes = mistakesOf({}, { '/work/.env': 'TMDB_KEYS=planted-secret\n' });
  expect(mistakes[0]).toMatch(/^TMDB_KEYS: .*\(\.env\)/);
  expect(mistakes.join()).not.toContain('planted-secret');
});

test('one that resembles nothing points at the documentation', () => {
  expect(mistakesOf({ REDIS_QQQQQQQQQQQQQQQQ: '1' })[0]).toContain('docs/configuration.md');
});

describe('others’ variables are left alone', () => {
  test.each([
    [
      'common ones',
      'HOSTNAME HOME PATH PWD USER SHLVL LANG TERM PORTAL NODE_ENV NODE_OPTIONS npm_config_cache npm_package_name CI TZ PORT_FORWARD',
    ],
    [
      'neighbours in spelling',
      'HTTP_PROXY NO_PROXY ALL_PROXY http_proxy no_proxy SERVER_IP SERVER_NAME APP_KEY AWS_REGION POST HOSTS PORTS',
    ],
    [
      'of systemd',
      'CACHE_DIRECTORY STATE_DIRECTORY MEMORY_PRESSURE_WATCH MEMORY_PRESSURE_WRITE INVOCATION_ID JOURNAL_STREAM',
    ],
    [
      'of images and CI',
      'IMAGE_TAG IMAGE_NAME REDIS_VERSION REDIS_DOWNLOAD_URL REDIS_TLS_URL XDG_CACHE_HOME',
    ],
    ['of our own processes', 'TMDB_CACHE_PROXY_WORKER'],
  ])('%s', (_, names) => {
    const env = Object.fromEntries(names.split(' ').map((name) => [name, 'x']));
    expect(() => load(env)).not.toThrow();
  });

  test('service links of Kubernetes and Docker', () => {
    const address = 'tcp://10.0.0.5:6379';
    const links = (service: string) => ({
      [`${service}_SERVICE_HOST`]: '10.0.0.5',
      [`${service}_SERVICE_PORT`]: '6379',
      [`${service}_SERVICE_PORT_CLIENT`]: '6379',
      [`${service}_PORT`]: address,
      [`${service}_PORT_6379_TCP`]: address,
      [`${service}_PORT_6379_TCP_PROTO`]: 'tcp',
      [`${service}_PORT_6379_TCP_PORT`]: '6379',
      [`${service}_PORT_6379_TCP_ADDR`]: '10.0.0.5',
    });
    const env = {
      ...links('REDIS'),
      ...links('REDIS_CLUSTER'),
      ...links('TMDB_CACHE_PROXY'),
      ...links('IMAGE_RESIZER'),
      REDIS_NAME: '/web/redis',
      REDIS_ENV_GOSU_VERSION: '1.1',
    };
    expect(load(env).config.cache.l2).toBe('disk');
  });

  test('service links that have a name of ours', () => {
    const metrics = { METRICS_PORT: 'tcp://10.0.0.5:9090' };
    expect(load({ ...metrics, METRICS_SERVICE_HOST: '10.0.0.5' }).config.server.metricsPort).toBeUndefined();
    expect(
      load({ ...metrics, METRICS_PORT_9090_TCP: 'tcp://10.0.0.5:9090' }).config.server.metricsPort,
    ).toBeUndefined();
    expect(mistakesOf(metrics)[0]).toMatch(/^METRICS_PORT="tcp/);
  });
});
