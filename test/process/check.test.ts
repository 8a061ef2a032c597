import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { type ProxyProcess, pointedAt, runProxy, startProxy } from '../support/proxy-process.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

const KEY = '0123456789abcdef0123456789abcdef';
const SECRETS = [KEY, 'redis-secret-of-mine', 'peer-secret-of-mine', 'client-secret-of-mine', 'admin-secret'];

let origin: SampleOrigin;
let cacheDir: string;
beforeAll(async () => {
  origin = await startSampleOrigin({ strictKey: [KEY] });
});
afterAll(() => origin.close());
beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), 'check-'));
  onTestFinished(() => rmSync(cacheDir, { recursive: true, force: true }));
});

const around = (more: Record<string, string> = {}) => pointedAt(origin.url, { TMDB_API_KEY: KEY, ...more });

/** Runs the command; its lines by verdict and part. */
async function check(env: Record<string, string>, args: readonly string[] = []) {
  const { code, output } = await runProxy({ env, cacheDir, args: ['check', ...args] });
  for (const secret of SECRETS) expect(output).not.toContain(secret);
  const lines = output.trim().split('\n');
  const parts = new Set(lines.map((line) => line.split(/\s{2,}/)[1]));
  const of = (verdict: 'ok' | 'warn' | 'FAIL') =>
    lines.filter((line) => line.startsWith(`${verdict} `)).map((line) => line.replace(/\s{2,}/g, '  '));
  return { code, output, parts, failed: of('FAIL'), warned: of('warn'), ok: of('ok') };
}

/** Somebody else's server on a port of ours. */
async function stranger(listener: RequestListener): Promise<{ url: string; port: number }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port };
}

describe('all well', () => {
  it('a line for each part, exit status 0, and nothing is left behind', async () => {
    const { code, failed, output, parts } = await check(around({ PUBLIC_URL: 'https://tmdb.example.org' }));
    expect([code, failed, output]).toEqual([0, [], output]);
    const all = ['configuration', 'disk', 'ports', 'origin', 'images', 'keys', 'clock', 'redis', 'peers'];
    for (const part of [...all, 'proxy keys', 'public url']) expect(parts).toContain(part);
    expect(readdirSync(cacheDir)).toEqual([]);
  });

  it('--json tells the same to a program', async () => {
    const { code, output } = await check(around(), ['--json']);
    const told = JSON.parse(output) as { ok: boolean; findings: { verdict: string; part: string }[] };
    expect([code, told.ok]).toEqual([0, true]);
    expect(told.findings[0]).toMatchObject({ verdict: 'ok', part: 'configuration' });
  });

  it('--config names a file, as for serve', async () => {
    writeFileSync(join(cacheDir, 'c.yaml'), 'PUBLIC_URL: https://tmdb.example.org/from-file\n');
    const { code, output } = await check(around(), ['--config', 'c.yaml']);
    expect(code).toBe(0);
    expect(output).toContain('https://tmdb.example.org/from-file/t/p/');
  });

  it('OFFLINE: nobody is asked', async () => {
    origin.requests.reset();
    const parent = { PARENT_PROXY: 'http://127.0.0.1:1' };
    const { code, ok } = await check(around({ OFFLINE: 'true', TMDB_API_KEY: 'bad', ...parent }));
    expect(code).toBe(0);
    for (const part of ['origin', 'parent'])
      expect(ok).toContainEqual(expect.stringMatching(`^ok {2}${part} {2}OFFLINE=true`));
    expect(origin.requests.total).toBe(0);
  });

  it('beside a running proxy: its port and its store are ours', async () => {
    const proxy = await startProxy({ cacheDir, env: around() });
    onTestFinished(async () => {
      await proxy.stop();
    });
    const { code, ok } = await check(around({ PORT: new URL(proxy.url).port }));
    expect(code).toBe(0);
    expect(ok).toContainEqual(expect.stringMatching(/ports {2}PORT: .* is in use by this program/));
    expect(ok).toContainEqual(expect.stringMatching(new RegExp(`disk {2}.* in use by process ${proxy.pid}`)));
  });
});

describe('each part broken alone: exit status 1, and its line says what to do', () => {
  async function only(env: Record<string, string>, line: RegExp): Promise<void> {
    const { code, failed } = await check(around(env));
    expect(failed).toEqual([expect.stringMatching(line)]);
    expect(failed[0]).toContain(' → ');
    expect(code).toBe(1);
  }

  it('a mistake in the configuration, which serve ends with 78', () =>
    only({ PORT: 'eighty' }, /^FAIL {2}configuration {2}PORT="eighty": .* → /));

  it('a directory that cannot be written', async () => {
    writeFileSync(join(cacheDir, 'file'), '');
    await only({ CACHE_DIR: join(cacheDir, 'file', 'data') }, /^FAIL {2}disk .*set CACHE_DIR/);
  });

  it('a store that is too small', () =>
    only({ DISK_CACHE_BYTES: '1MiB' }, /^FAIL {2}disk .*set DISK_CACHE_BYTES/));

  it('a port that somebody else has', async () => {
    const { port } = await stranger((_, response) => response.end('{"server_id":"no version"}'));
    await only({ PORT: String(port) }, /^FAIL {2}ports {2}PORT: .*another program → stop it, or set PORT/);
  });

  it('an API that is away; its keys are then not called wrong', () =>
    only({ TMDB_API_URLS: 'http://127.0.0.1:1' }, /^FAIL {2}origin .*ECONNREFUSED.* → check TMDB_API_URLS/));

  it('an API that is a login page', async () => {
    const { url } = await stranger((_, response) => response.end('<html>Welcome to the hotel'));
    const { code, failed } = await check(around({ TMDB_API_URLS: url }));
    expect([code, failed]).toEqual([1, [expect.stringMatching(/^FAIL {2}origin .*not as TMDB does/)]]);
  });

  it.each([
    [200, {}],
    [200, { images: 'none' }],
    [401, { message: 'Unauthorized' }],
    [403, { message: 'Forbidden' }],
    [404, { error: 'no route' }],
  ])('an API that answers %i %j, as TMDB does not', async (status, body) => {
    const { url } = await stranger((_, response) => response.writeHead(status).end(JSON.stringify(body)));
    const { code, failed } = await check(around({ TMDB_API_URLS: url }));
    expect([code, failed[0]]).toEqual([1, expect.stringMatching(/^FAIL {2}origin .*not as TMDB does/)]);
  });

  it('an API that fails', async () => {
    const { url } = await stranger((_, response) => response.writeHead(503).end('{}'));
    await only({ TMDB_API_URLS: url }, /^FAIL {2}origin .*answers 503/);
  });

  it('an API that accepts and keeps silent costs five seconds', async () => {
    const { url } = await stranger(() => {});
    const began = Date.now();
    await only({ TMDB_API_URLS: url }, /^FAIL {2}origin /);
    expect(Date.now() - began).toBeLessThan(20_000);
  }, 30_000);

  it('an image host that has a page for everything', async () => {
    const { url } = await stranger((_, response) => response.end('<html>'));
    await only({ TMDB_IMAGE_URLS: url }, /^FAIL {2}images .*answers 200 for a file that does not exist/);
  });

  it.each([
    ['invalid', {}, 7],
    ['suspended', { suspended: ['second-key'] }, 10],
  ])('a key that is %s, by its number', async (_what, rules, code) => {
    origin.keys.become({ accepted: [KEY], suspended: [], ...rules });
    await only(
      { TMDB_API_KEY: `${KEY},second-key` },
      new RegExp(
        `^FAIL {2}keys {2}key 2 of TMDB_API_KEY \\(v3\\) is refused \\(code ${code}\\) → replace it`,
      ),
    );
  });

  it('a keys file that is half-written', async () => {
    const path = join(cacheDir, 'keys.json');
    writeFileSync(path, '{"version":1,"tenants":{"a":{"keys":[{"id":"client-secret-of-mine', { mode: 0o600 });
    await only({ PROXY_KEYS_FILE: path }, /^FAIL {2}proxy keys .*not complete JSON/);
  });

  it('a peer that is away, or something else', async () => {
    await only({ PEER_PROXIES: 'http://:peer-secret-of-mine@127.0.0.1:1' }, /^FAIL {2}peers .*ECONNREFUSED/);
    const { url } = await stranger((_, response) => response.end('{}'));
    await only({ PEER_PROXIES: url }, /^FAIL {2}peers .*not this program/);
  });

  describe('another proxy', () => {
    let peer: ProxyProcess;
    beforeAll(async () => {
      peer = await startProxy({ env: { ...around(), ADMIN_API_KEY: 'admin-secret' } });
    });
    afterAll(async () => {
      await peer.stop();
    });
    const withKey = (key: string) => peer.url.replace('//', `//:${key}@`);

    it('takes the right key and not a wrong one', async () => {
      await only(
        { PEER_PROXIES: withKey('peer-secret-of-mine') },
        /^FAIL {2}peers .*does not take our key.* → correct the key in PEER_PROXIES/,
      );
      expect((await check(around({ PEER_PROXIES: withKey('admin-secret') }))).code).toBe(0);
    });

    it('as a parent, it is asked for TMDB', async () => {
      const { code, ok } = await check(around({ PARENT_PROXY: peer.url }));
      expect(ok).toContainEqual(expect.stringMatching(/^ok {2}parent .*answers for TMDB/));
      expect(code).toBe(0);
    });
  });

  describe('Redis', () => {
    let redis: RedisServer;
    beforeAll(async () => {
      redis = await startRedis([
        ...['--requirepass', 'redis-secret-of-mine', '--maxmemory', '50mb'],
        ...['--maxmemory-policy', 'volatile-lru'],
      ]);
    });
    afterAll(() => redis.stop());
    const at = (password: string, port = redis.port) => ({
      USE_REDIS: 'auto',
      REDIS_URL: `redis://:${password}@127.0.0.1:${port}`,
    });

    it('that is well: nothing stays in it', async () => {
      const { code, ok } = await check(around(at('redis-secret-of-mine')));
      expect(code).toBe(0);
      expect(ok).toContainEqual(
        expect.stringMatching(/redis {2}L2 and bus at .*takes values and gives them back/),
      );
      expect(ok).toContainEqual(expect.stringMatching(/redis .*maxmemory-policy is volatile-lru/));
      expect(await redis.cli('dbsize')).toBe('0');
    });

    it('that is away', () => only(at('redis-secret-of-mine', 1), /^FAIL {2}redis .* → check the address/));

    it('with a wrong password', () =>
      only(at('wrong-password'), /^FAIL {2}redis .* → correct REDIS_USERNAME and REDIS_PASSWORD/));

    it('that is no cluster', () =>
      only(
        {
          USE_REDIS: 'auto',
          REDIS_CLUSTER_NODES: `127.0.0.1:${redis.port}`,
          REDIS_PASSWORD: 'redis-secret-of-mine',
        },
        /^FAIL {2}redis .* → /,
      ));
  });
});

describe('what serves, but not as it should, is a warning', () => {
  async function warning(env: Record<string, string>, line: RegExp): Promise<readonly string[]> {
    const { code, failed, warned, ok } = await check(around(env));
    expect([code, failed]).toEqual([0, []]);
    expect(warned).toContainEqual(expect.stringMatching(line));
    return ok;
  }

  it('a clock that is wrong', async () => {
    const later = new Date(Date.now() + 20 * 60_000).toUTCString();
    const { url } = await stranger((request, response) =>
      response
        .writeHead(request.url!.startsWith('/t/p/') ? 404 : 200, { date: later })
        .end('{"images":{"base_url":"http://x/"}}'),
    );
    await warning({ TMDB_API_URLS: url, TMDB_IMAGE_URLS: url }, /clock {2}is 20 minutes behind/);
  });

  it.each([['noeviction'], ['allkeys-lru']])('Redis with maxmemory-policy %s', async (policy) => {
    const redis = await startRedis(['--maxmemory', '50mb', '--maxmemory-policy', policy]);
    onTestFinished(() => redis.stop());
    await warning(
      { USE_REDIS: 'auto', REDIS_URL: `redis://127.0.0.1:${redis.port}` },
      new RegExp(`redis .*maxmemory-policy is ${policy} → set maxmemory-policy volatile-lru`),
    );
  });

  it('a user of Redis without the right to INFO', async () => {
    const redis = await startRedis(['--maxmemory', '50mb', '--maxmemory-policy', 'volatile-lru']);
    onTestFinished(() => redis.stop());
    await redis.cli('acl', 'setuser', 'u', 'on', '>redis-secret-of-mine', '~*', '+@all', '-info');
    await warning(
      { USE_REDIS: 'auto', REDIS_URL: `redis://u:redis-secret-of-mine@127.0.0.1:${redis.port}` },
      /redis .*may not ask INFO.* → give the user the rights/,
    );
  });

  it('a key that can be guessed, by its tenant; one that is over does not count', async () => {
    const ok = await warning(
      { PROXY_KEYS: 'kitchen=short-1, attic=client-secret-of-mine' },
      /proxy keys .*a key of tenant kitchen is shorter than 16 characters .*→ run tmdb-cache-proxy keys add kitchen/,
    );
    expect(ok).toContainEqual(expect.stringContaining('2 tenants, 2 keys in force'));
    const path = join(cacheDir, 'over.json');
    const hash = `sha256:${'A'.repeat(43)}`;
    const tenants = { attic: { keys: [{ id: 'Abcdef', hash, expires: '2020-01-01' }] } };
    writeFileSync(path, JSON.stringify({ version: 1, tenants }), { mode: 0o600 });
    await warning(
      { PROXY_KEYS_FILE: path },
      /proxy keys .*1 tenant, 0 keys in force: every client is refused/,
    );
  });

  it('an image host that asks us to wait', async () => {
    const { url } = await stranger((_, response) => response.writeHead(429).end());
    await warning({ TMDB_IMAGE_URLS: url }, /images .*asks us to wait \(429\) → try again later/);
  });

  it('a keys file that others can read', async () => {
    const path = join(cacheDir, 'keys.txt');
    writeFileSync(path, 'kitchen=client-secret-of-mine\n');
    chmodSync(path, 0o644);
    await warning({ PROXY_KEYS_FILE: path }, /proxy keys .*mode 0644\) → chmod 600/);
  });

  it('keys of this proxy where nobody has one for TMDB', async () => {
    const PROXY_KEYS = 'kitchen=client-secret-of-mine';
    const said = /keys {2}TMDB_API_KEY is unset, .* → set TMDB_API_KEY, or PARENT_PROXY/;
    await warning({ PROXY_KEYS, TMDB_API_KEY: '' }, said);
    const path = join(cacheDir, 'keys.txt');
    writeFileSync(path, `${PROXY_KEYS}\n`, { mode: 0o600 });
    await warning({ PROXY_KEYS_FILE: path, TMDB_API_KEY: '' }, said);
  });

  it.each([
    ['clients send their own', {}],
    [
      'the parent may have one',
      { PROXY_KEYS: 'kitchen=client-secret-of-mine', PARENT_PROXY: 'http://127.0.0.1:1' },
    ],
    ['nobody is asked', { PROXY_KEYS: 'kitchen=client-secret-of-mine', OFFLINE: 'true' }],
  ])('but no key of our own is fine where %s', async (_why, env) => {
    const { warned, output } = await check(around({ ...env, TMDB_API_KEY: '' }));
    expect(
      warned.filter((line) => line.includes('TMDB_API_KEY')),
      output,
    ).toEqual([]);
  });

  it('a disk with less room than it may use', () =>
    warning({ DISK_CACHE_BYTES: '1000000GiB' }, /disk .*has room for .* → lower DISK_CACHE_BYTES/));
});

it('a directory that exists is left as it was', async () => {
  const data = join(cacheDir, 'data');
  mkdirSync(data);
  await check(around());
  expect(existsSync(data)).toBe(true);
  expect(readdirSync(data)).toEqual([]);
});
