import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/config/config-error.js';
import type { LoadedConfig } from '../../../src/config/load.js';
import { type Reloaded, reloadConfig } from '../../../src/config/reload.js';
import { load, MACHINE, shown } from './helpers.js';

const env = { TMDB_API_KEY_FILE: '/key' };
const filesOf = (dotenv: string, key = 'a'.repeat(32)) => ({ '/work/.env': dotenv, '/key': key });

/** As another start would read it, on a machine that tells another random id. */
function reload(running: LoadedConfig, files: Record<string, string>, given: object = env): Reloaded {
  const readFile = (path: string) => {
    const content = files[path];
    if (content === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' });
    return content;
  };
  const machine = { ...MACHINE, cores: 64, randomId: 'ffffffff' };
  return reloadConfig(running, { env: { ...given }, cwd: '/work', readFile, machine });
}

describe('reading the sources again', () => {
  it('takes what may change, with what is derived from it', () => {
    const running = load(env, filesOf('JSON_DISK_TTL=60\nLOG_LEVEL=warn'));
    const next = reload(running, filesOf('JSON_DISK_TTL=2\nLOG_LEVEL=warn', 'b'.repeat(32)));
    expect(next.changed).toEqual([
      'TMDB_API_KEY',
      'JSON_DISK_TTL',
      'CHANGES_DISK_TTL',
      'STATIC_DISK_TTL',
      'NEGATIVE_DISK_TTL',
    ]);
    expect(next.needRestart).toEqual([]);
    expect(next.config.cache.classes.detail.freshMs).toBe(120_000);
    expect(next.config.cache.classes.changes.freshMs).toBe(120_000);
    expect(next.config.upstream.credentials).toEqual([{ kind: 'v3', value: 'b'.repeat(32) }]);
    expect(shown(next, 'CHANGES_DISK_TTL')).toMatchObject({ value: 2, source: 'derived' });
  });

  it('with nothing changed it is what it was: the machine is not looked at again', () => {
    const running = load(env, filesOf('JSON_DISK_TTL=60'));
    const next = reload(running, filesOf('JSON_DISK_TTL=60'));
    expect([next.changed, next.needRestart]).toEqual([[], []]);
    expect(next.config).toEqual(running.config);
    expect(next.effective).toEqual(running.effective);
  });

  it('names what needs a restart, and leaves it as it was', () => {
    const running = load(env, filesOf('PORT=1000\nREDIS_URL=redis://:one@a'));
    const next = reload(running, filesOf('PORT=2000\nREDIS_URL=redis://:two@a\nWORKERS=3\nMAX_RETRIES=1'));
    expect(next.changed).toEqual(['MAX_RETRIES']);
    expect(next.needRestart).toEqual(['PORT', 'WORKERS', 'REDIS_URL']);
    expect(next.config).toEqual({
      ...running.config,
      upstream: { ...running.config.upstream, maxRetries: 1 },
    });
    expect(shown(next, 'PORT')).toMatchObject({ value: 1000 });
    // and goes on doing so, until it is given as it holds
    expect(reload(next, filesOf('PORT=2000\nREDIS_URL=redis://:one@a')).needRestart).toEqual(['PORT']);
  });

  it('what is derived from a key, and fixed at the start, needs a restart although the key does not', () => {
    const running = load({}, { '/work/.env': '' });
    expect(running.config.changeFeed.enabled).toBe(false);
    const next = reload(running, { '/work/.env': `TMDB_API_KEY=${'a'.repeat(32)}` }, {});
    expect(next.changed).toEqual(['TMDB_API_KEY']);
    expect(next.needRestart).toEqual(['CHANGE_FEED']);
    expect(shown(next, 'CHANGE_FEED')).toEqual(shown(running, 'CHANGE_FEED'));
  });

  it('the environment wins over a file that has changed', () => {
    const given = { ...env, JSON_DISK_TTL: '60' };
    const running = load(given, filesOf('JSON_DISK_TTL=1'));
    expect(reload(running, filesOf('JSON_DISK_TTL=2'), given).changed).toEqual([]);
  });

  it('PROXY_KEYS may change; that clients need keys may not', () => {
    const open = load(env, filesOf(''));
    const closed = load(env, filesOf('PROXY_KEYS=alice=0123456789abcdef'));
    expect(reload(open, filesOf('PROXY_KEYS=alice=0123456789abcdef'))).toMatchObject({
      changed: [],
      needRestart: ['PROXY_KEYS'],
      config: { clients: { proxyKeys: undefined } },
    });
    expect(reload(closed, filesOf('')).needRestart).toEqual(['PROXY_KEYS']);
    expect(reload(closed, filesOf('PROXY_KEYS=bob=0123456789abcdef')).changed).toEqual(['PROXY_KEYS']);
  });

  it('a mistake in what was read, or in what would hold, is thrown with all others', () => {
    const running = load(env, filesOf('PORT=1000'));
    const mistakes = (dotenv: string) => {
      try {
        reload(running, filesOf(dotenv));
      } catch (thrown) {
        if (thrown instanceof ConfigError) return thrown.mistakes.join('\n');
      }
      return 'none';
    };
    expect(mistakes('PORT=x\nJSON_DISK_TTL=soon\nNO_SUCH_TTL=1')).toMatch(/PORT=.*\n.*JSON_DISK_TTL=/);
    expect(mistakes('PORT=1000')).toBe('none');
  });
});
