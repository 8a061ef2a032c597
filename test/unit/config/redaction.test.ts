import { expect, test } from 'vitest';
import { printConfig } from '../../../src/config/print.js';
import { secretsOf } from '../../../src/config/secrets.js';
import { load, mistakesOf } from './helpers.js';

const PLANTED = {
  TMDB_API_KEY: 'planted-tmdb-1,planted-tmdb-2',
  ADMIN_API_KEY: 'planted-admin',
  PROXY_KEYS: 'alice=planted-proxy-key',
  REDIS_URL: 'redis://user:planted-redis-url@r:6379',
  REDIS_PASSWORD: 'planted-redis',
  BUS_REDIS_URL: 'rediss://:planted-bus@b',
  REDIS_FALLBACK_NODES: 'f',
  HTTPS_PROXY: 'http://joe:planted%20proxy@p:3128',
  PEER_PROXIES: 'https://planted-peer@a.org,https://x:planted-peer-2@b.org',
  PARENT_PROXY: 'https://:planted-parent@c.org',
};

test('no planted secret is in what is printed or shown', () => {
  const { effective } = load(PLANTED);
  const output = `${printConfig(effective).join('\n')}${JSON.stringify(effective)}`;
  expect(output).not.toMatch(/planted/);
  expect(output).toContain('redis://***@r:6379');
  expect(effective.find(({ name }) => name === 'ADMIN_API_KEY')?.value).toBe('***');
  expect(load().effective.find(({ name }) => name === 'ADMIN_API_KEY')?.value).toBeNull();
});

test('no planted secret is in a mistake', () => {
  const spoiled = Object.fromEntries(
    Object.entries(PLANTED).map(([name, value]) => [name, `${value} \u0007?`]),
  );
  const mistakes = mistakesOf({
    ...spoiled,
    UPSTREAM_SERVERS: 'planted@@',
    TMDB_API_URLS: 'https://u:planted@h/x,https://u:planted@h/x',
    REDIS_SENTINELS: 'planted@h',
    PUBLIC_URL: 'u:planted@h',
  });
  expect(mistakes.length).toBeGreaterThan(6);
  expect(mistakes.join('\n')).not.toContain('planted');
});

test('a secret pasted into another variable’s line is not repeated', () => {
  expect(mistakesOf({ ADMIN_API_KEY: 'planted-admin', PORT: 'planted-admin' })).toEqual([
    'PORT="***": write a whole number from 0 to 65535',
  ]);
});

test('secretsOf knows every planted secret', () => {
  const secrets = secretsOf(load(PLANTED).config);
  expect(secrets).toEqual(
    expect.arrayContaining([
      'planted-tmdb-1',
      'planted-tmdb-2',
      'planted-admin',
      'planted-proxy-key',
      'planted-redis-url',
      'planted-redis',
      'planted-bus',
      'planted proxy',
      'planted-peer',
      'planted-peer-2',
      'planted-parent',
    ]),
  );
});

test('every derived value is printed with its reason, everything else is there too', () => {
  const { effective } = load({ PORT: '1234' });
  const lines = printConfig(effective);
  for (const { name, source, reason } of effective) {
    if (source === 'derived')
      expect(lines.some((line) => line.includes(name) && line.endsWith(`derived: ${reason}`))).toBe(true);
    expect(lines.join('\n')).toContain(name);
  }
  expect(lines.find((line) => line.includes('PORT  '))).toMatch(/PORT +1234 +environment$/);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(180);
});
