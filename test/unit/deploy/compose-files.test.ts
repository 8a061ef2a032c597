import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.js';
import { SETTING_NAMES, SETTINGS } from '../../../src/config/settings/index.js';
import { only, pairs, REPOSITORY, readDockerfile, words } from '../../support/dockerfile.js';
import { REDIS_FILE, readCompose, SINGLE_FILE, takenOver, textOf, variablesOf } from './compose-file.js';

const { final } = readDockerfile();
const { version } = JSON.parse(readFileSync(`${REPOSITORY}package.json`, 'utf8')) as { version: string };

/** Of the image, of a port or a file that would have to be given along, or of this machine alone. */
const NOT_TAKEN_OVER = [
  'HOST',
  'PORT',
  'CACHE_DIR',
  'ADMIN_PORT',
  'METRICS_PORT',
  'PROXY_KEYS_FILE',
  'HTTPS_PROXY',
];
/** What the file with a Redis decides. */
const OF_REDIS = SETTING_NAMES.filter((name) =>
  /^(?:USE_REDIS|REDIS_(?:CLUSTER_NODES|URL|SENTINELS|SENTINEL_NAME|USERNAME|PASSWORD|DB|TLS))$/.test(name),
);

describe.each([
  [SINGLE_FILE, NOT_TAKEN_OVER],
  [REDIS_FILE, [...NOT_TAKEN_OVER, ...OF_REDIS]],
])('%s', (file, decided) => {
  const text = textOf(file);
  const { services, volumes } = readCompose({}, file);
  const proxy = services.proxy!;
  const { 'redis-init': init, ...staying } = services;

  it('has only what docker-compose 1.29 and v2 both know', () => {
    const keys = [...text.matchAll(/^([a-z-]+):/gm)].map(([, key]) => key!);
    const own = keys.filter((key) => !key.startsWith('x-'));
    expect(own.filter((key) => !['services', 'networks', 'volumes'].includes(key))).toEqual([]);
    for (const word of [
      'start_interval:',
      'include:',
      'develop:',
      'configs:',
      'env_file:',
      'required:',
      'deploy:',
    ])
      expect(text).not.toContain(word);
  });

  it('explains every variable of its own in a comment', () => {
    const comments = text.split('\n').filter((line) => line.trim().startsWith('#'));
    for (const name of variablesOf(text))
      expect(
        comments.filter((line) => line.includes(name)),
        name,
      ).not.toEqual([]);
  });

  it('passes on every variable that there is, but those it decides itself: none is ignored silently', () => {
    const expected = SETTING_NAMES.filter((name) => !decided.includes(name));
    expect(takenOver(file, 'proxy').sort(), `x-settings of ${file}`).toEqual([...expected].sort());
    const set = Object.keys(proxy.environment);
    expect(set.filter((name) => !Object.hasOwn(SETTINGS, name))).toEqual([]);
    expect(set.filter((name) => !decided.includes(name))).toEqual([]);
  });

  it('sets values that the program takes', () => {
    const { config } = loadConfig({ env: { ...pairs(only(final, 'ENV')), ...proxy.environment }, cwd: '/' });
    expect(config.cache).toMatchObject({ dir: '/data', l2: file === REDIS_FILE ? 'redis' : 'disk' });
  });

  it('takes nothing from the shell that is unset there', () => {
    expect(proxy.environment).not.toHaveProperty('TMDB_API_KEY');
    const given = readCompose({ TMDB_API_KEY: 'k3y', REQUEST_TIMEOUT: '7' }, file).services.proxy!;
    expect(given.environment).toMatchObject({ TMDB_API_KEY: 'k3y', REQUEST_TIMEOUT: '7' });
  });

  it('runs what the Dockerfile builds, by a version', () => {
    expect(proxy.build!.context).toBe('.');
    expect(proxy.image).toBe(`tmdb-cache-proxy:${version}`);
    for (const [name, { image }] of Object.entries(services)) {
      expect(image, name).toMatch(/:\d/);
      expect(image, name).not.toContain('latest');
    }
  });

  it('publishes the port that the image exposes, on loopback only', () => {
    const port = only(final, 'EXPOSE');
    expect(proxy.environment.PORT).toBe(port);
    expect(proxy.ports).toEqual([`127.0.0.1:${port}:${port}`]);
    expect(readCompose({ PROXY_BIND: '0.0.0.0', PROXY_PORT: '80' }, file).services.proxy!.ports).toEqual([
      `0.0.0.0:80:${port}`,
    ]);
  });

  it('keeps the store on a volume, where the image has it', () => {
    const [volume, path] = proxy.volumes![0]!.split(':');
    expect(proxy.volumes).toHaveLength(1);
    expect(volumes).toHaveProperty(volume!);
    expect(path).toBe(only(final, 'VOLUME'));
    expect(path).toBe(pairs(only(final, 'ENV')).CACHE_DIR);
  });

  it('asks the proxy whether it is ready as the image asks whether it lives: in the program’s own words, without a shell', () => {
    const [how, ...command] = proxy.healthcheck!.test;
    expect(how).toBe('CMD');
    const asked = command
      .at(-1)!
      .replace('127.0.0.1:6635/readyz', "127.0.0.1:' + (process.env.PORT || 6635) + '/livez");
    expect([...command.slice(0, -1), asked]).toEqual(words(only(final, 'HEALTHCHECK')));
  });

  it('gives no service a right or a place to write that it does not need', () => {
    for (const [name, service] of Object.entries(services)) {
      expect(service.read_only, name).toBe(true);
      expect(service.security_opt, name).toEqual(['no-new-privileges:true']);
      expect(service.cap_drop, name).toEqual(['ALL']);
      expect(service.pids_limit, name).toBeGreaterThan(0);
    }
    expect(proxy.tmpfs).toEqual(['/tmp:size=64m']);
    expect(proxy.mem_limit).toBe('4g');
  });

  it('starts again what ends, but the one-off', () => {
    for (const [name, service] of Object.entries(staying))
      expect(service.restart, name).toBe('unless-stopped');
    expect(init?.restart ?? 'no').toBe('no');
  });

  it('lets requests in flight finish: longer than the program itself takes at most', () => {
    const seconds = Number.parseInt(proxy.stop_grace_period!, 10);
    const { SHUTDOWN_DELAY, SHUTDOWN_TIMEOUT } = SETTINGS;
    // 10 s: serve-command.ts gives up then.
    expect(seconds).toBeGreaterThan(Number(SHUTDOWN_DELAY.default) + Number(SHUTDOWN_TIMEOUT.default) + 10);
  });
});
