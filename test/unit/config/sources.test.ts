import { describe, expect, test } from 'vitest';
import { load, mistakesOf, shown } from './helpers.js';

describe('precedence', () => {
  const files = {
    '/work/.env': 'PORT=2\nREGION=dotenv\n',
    '/work/c.yaml': 'PORT: 3\nREGION: yaml\nWORKERS: 7\n',
  };
  test('environment, then .env, then --config', () => {
    const loaded = load({ PORT: '1' }, files, { configFile: 'c.yaml' });
    expect(loaded.config.server).toMatchObject({ port: 1, region: 'dotenv', workers: 7 });
    expect(shown(loaded, 'PORT')).toEqual({ name: 'PORT', value: 1, source: 'env', reason: 'environment' });
    expect(shown(loaded, 'REGION')).toMatchObject({ source: 'file', reason: '.env' });
    expect(shown(loaded, 'WORKERS')).toMatchObject({ source: 'file', reason: 'c.yaml' });
    expect(shown(loaded, 'LOG_LEVEL')).toMatchObject({ source: 'default' });
  });
  test('an empty value is unset and lets the next place speak', () => {
    expect(load({ PORT: '', REGION: '  ' }, files).config.server).toMatchObject({
      port: 2,
      region: 'dotenv',
    });
    expect(load({ ADMIN_PORT: '' }).config.server.adminPort).toBeUndefined();
  });
  test('the environment that is read is not changed', () => {
    const env = {};
    load(env, files);
    expect(env).toEqual({});
  });
});

describe('--config', () => {
  const load1 = (content: string) => load({}, { '/work/c.yaml': content }, { configFile: 'c.yaml' });
  const mistakes = (content: string) => mistakesOf({}, { '/work/c.yaml': content }, { configFile: 'c.yaml' });
  test('takes lists, numbers, switches and nothing', () => {
    const { config } = load1(
      'TMDB_API_URLS:\n  - http://a\n  - http://b\nOFFLINE: yes\nADMIN_PORT:\nMETRICS_PORT: null\nJSON_DISK_TTL: 0.5',
    );
    expect(config.upstream.groups[0]?.servers).toHaveLength(2);
    expect(config.cache.offline).toBe(true);
    expect(config.server).toMatchObject({ adminPort: undefined, metricsPort: undefined });
    expect(config.cache.classes.detail.freshMs).toBe(30_000);
  });
  test('a key of digits only is not rounded', () => {
    const key = '12345678901234567890123456789012';
    expect(load1(`TMDB_API_KEY: ${key}`).config.upstream.credentials[0]?.value).toBe(key);
  });
  test('may be empty', () => {
    expect(load1('# nothing\n').config.server.port).toBe(6635);
  });
  test('refuses every name it does not know', () => {
    expect(mistakes('port: 1\nFOO: 1')).toEqual([
      expect.stringMatching(/^port: is not a variable.*did you mean PORT\?/),
      expect.stringMatching(/^FOO: is not a variable/),
    ]);
  });
  test.each(['PORT: {a: 1}', '- PORT', 'PORT: 1\nPORT: 2', 'PORT: [a', 'ADMIN_API_KEY: "planted-secret'])(
    '%j is refused',
    (content) => {
      const lines = mistakes(content);
      expect(lines[0]).toMatch(/^--config="c.yaml": /);
      expect(lines.join()).not.toContain('planted-secret');
    },
  );
  test('a missing file is told', () => {
    expect(mistakesOf({}, {}, { configFile: 'gone.yaml' })).toEqual([
      '--config="gone.yaml": cannot be read (ENOENT); give the path of a YAML file',
    ]);
  });
});

test('an unreadable .env is told, a missing one is not', () => {
  const readFile = () => {
    throw Object.assign(new Error('x'), { code: 'EACCES' });
  };
  expect(mistakesOf({}, {}, { readFile })).toEqual([
    expect.stringContaining('.env: cannot be read (EACCES)'),
  ]);
});

describe('old names', () => {
  test('API_KEY is ADMIN_API_KEY, which wins', () => {
    const loaded = load({ API_KEY: 'old-key' });
    expect(loaded.config.admin.apiKey).toBe('old-key');
    expect(shown(loaded, 'ADMIN_API_KEY').reason).toContain('API_KEY');
    expect(load({ API_KEY: 'old-key', ADMIN_API_KEY: 'new-key' }).config.admin.apiKey).toBe('new-key');
    expect(load({ API_KEY_FILE: 'k' }, { '/work/k': 'from-file' }).config.admin.apiKey).toBe('from-file');
  });
});

describe('NAME_FILE', () => {
  test('is read and trimmed', () => {
    const loaded = load(
      { TMDB_API_KEY_FILE: '/run/k', REDIS_PASSWORD_FILE: 'pw' },
      { '/run/k': ' abc\n', '/work/pw': 'p w\n' },
    );
    expect(loaded.config.upstream.credentials).toEqual([{ kind: 'v3', value: 'abc' }]);
    expect(shown(loaded, 'TMDB_API_KEY')).toMatchObject({
      value: '***',
      source: 'file',
      reason: 'the file that TMDB_API_KEY_FILE names',
    });
  });
  test.each([
    'ADMIN_API_KEY',
    'TMDB_API_KEY',
    'REDIS_PASSWORD',
    'PROXY_KEYS',
    'REDIS_URL',
    'BUS_REDIS_URL',
    'HTTPS_PROXY',
    'PEER_PROXIES',
    'PARENT_PROXY',
  ])('exists for %s', (name) => {
    expect(() =>
      load(
        { [`${name}_FILE`]: '/f' },
        { '/f': name === 'REDIS_URL' || name === 'BUS_REDIS_URL' ? 'redis://x' : 'http://x' },
      ),
    ).not.toThrow();
  });
  test('unreadable, empty, or beside the variable is refused', () => {
    expect(mistakesOf({ ADMIN_API_KEY_FILE: 'planted-secret' })).toEqual([
      'ADMIN_API_KEY: the file that ADMIN_API_KEY_FILE names cannot be read (ENOENT); give the path of a readable file',
    ]);
    expect(mistakesOf({ ADMIN_API_KEY_FILE: 'e' }, { '/work/e': '\n' })[0]).toContain('is empty');
    expect(mistakesOf({ ADMIN_API_KEY_FILE: 'e', ADMIN_API_KEY: 'x' }, { '/work/e': 'y' })[0]).toContain(
      'not both',
    );
  });
  test('of a lower place gives way', () => {
    const { config } = load({ ADMIN_API_KEY: 'env-key' }, { '/work/.env': 'ADMIN_API_KEY_FILE=gone' });
    expect(config.admin.apiKey).toBe('env-key');
  });
  test('PROXY_KEYS_FILE is a path that must be readable', () => {
    expect(load({ PROXY_KEYS_FILE: 'keys' }, { '/work/keys': '' }).config.clients.proxyKeysFile).toBe(
      '/work/keys',
    );
    expect(mistakesOf({ PROXY_KEYS_FILE: 'gone' })[0]).toMatch(/^PROXY_KEYS_FILE: cannot be read/);
  });
  test('does not exist for what is no secret', () => {
    expect(mistakesOf({ CACHE_DIR_FILE: 'x' })[0]).toContain('did you mean CACHE_DIR?');
  });
});
