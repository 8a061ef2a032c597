import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { eventually, PATIENCE_MS } from '../support/patience.js';
import { type ProxyProcess, pointedAt, runProxy, startProxy } from '../support/proxy-process.js';
import { type Got, get, json } from '../support/raw-client.js';
import { within } from '../support/region.js';

const ADMIN = { 'x-api-key': 'admin-secret' };
/** After which a change of the keys file holds in every worker (docs/proxy-keys.md), and what a busy machine takes. */
const REREAD_MS = 3000 + PATIENCE_MS;
let origin: SampleOrigin;
let folder: string;
let file: string;
beforeAll(async () => {
  origin = await startSampleOrigin({});
});
afterAll(() => origin.close());
beforeEach(() => {
  origin.requests.reset();
  folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-keys-'));
  file = join(folder, 'keys.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** `tmdb-cache-proxy keys …` as an operator runs it, beside whatever runs. */
async function keys(...args: string[]): Promise<string> {
  const { code, output } = await runProxy({ args: ['keys', ...args], env: { PROXY_KEYS_FILE: file } });
  expect(code, output).toBe(0);
  return output;
}

async function addKey(...args: string[]): Promise<string> {
  return /tcp_\S+/.exec(await keys('add', ...args))![0];
}

const withKey = (path: string, key: string) => `${path}${path.includes('?') ? '&' : '?'}api_key=${key}`;

describe.each([1, 2])('with WORKERS=%i', (workers) => {
  let proxy: ProxyProcess | undefined;
  afterEach(async () => {
    await proxy?.stop();
    proxy = undefined;
  });

  async function start(env: Record<string, string>, cacheDir?: string): Promise<void> {
    proxy = await startProxy({
      env: pointedAt(origin.url, { WORKERS: String(workers), ADMIN_API_KEY: 'admin-secret', ...env }),
      ...(cacheDir !== undefined && { cacheDir }),
    });
  }
  const ask = (path: string, key: string, headers: Record<string, string> = {}) =>
    get(`${proxy!.url}${withKey(path, key)}`, { headers });
  /** Each on a connection of its own, so every worker has its turn. */
  const many = async (count: number, path: string, key: string) => {
    const got: Got[] = [];
    for (let i = 0; i < count; i++) got.push(await ask(path, key));
    return got;
  };
  const statuses = (got: readonly Got[]) => got.map(({ status }) => status);

  it('says once, at the start, that nobody has a key for TMDB', async () => {
    const PROXY_KEYS = 'alice=alices-key-0123456789';
    const said = () =>
      proxy!
        .output()
        .split('\n')
        .filter((line) => line.includes('TMDB_API_KEY is unset, and'));
    await start({ PROXY_KEYS, TMDB_API_KEY: '' });
    expect(said()).toEqual([
      expect.stringMatching(/"level":"?(?:warn|40)"?.*set TMDB_API_KEY, or PARENT_PROXY/),
    ]);
    for (const env of [
      { PROXY_KEYS },
      { PROXY_KEYS, TMDB_API_KEY: '', OFFLINE: 'true' },
      { TMDB_API_KEY: '' },
    ]) {
      await proxy!.stop();
      await start(env);
      expect(said()).toEqual([]);
    }
  });

  it("a tenant's quota ends with 429 and Retry-After, another's goes on", async () => {
    await start({ PROXY_KEYS: 'alice=alices-key-0123456789;quota=5,bob=bobs-key-0123456789' });
    expect(statuses(await many(5, '/3/movie/550', 'alices-key-0123456789'))).toEqual([
      200, 200, 200, 200, 200,
    ]);
    const refused = await many(4, '/3/movie/550', 'alices-key-0123456789');
    for (const got of refused) {
      expect(got.status).toBe(429);
      expect(Number(got.headers['retry-after'])).toBeGreaterThan(0);
      expect(Number(got.headers['retry-after'])).toBeLessThanOrEqual(86_400);
      expect(json(got)).toMatchObject({ success: false, status_code: 25 });
    }
    expect(statuses(await many(4, '/3/movie/550', 'bobs-key-0123456789'))).toEqual([200, 200, 200, 200]);
  });

  it('a rate holds over all workers', async () => {
    await start({ PROXY_KEYS: 'alice=alices-key-0123456789;rate=0.05;burst=6' });
    const got = await Promise.all(
      Array.from({ length: 30 }, () => ask('/3/movie/550', 'alices-key-0123456789')),
    );
    expect(statuses(got).filter((status) => status === 200)).toHaveLength(6);
    expect(statuses(got).filter((status) => status === 429)).toHaveLength(24);
  });

  it('keys add works on a live file, and a revoked key is refused within 3 s in every worker, without a restart', async () => {
    await keys('add', 'first');
    await start({ PROXY_KEYS_FILE: file });
    const key = await addKey('alice', '--classes', 'detail');
    await within(REREAD_MS, async () => {
      expect(new Set(statuses(await many(2 * workers, '/3/movie/550', key)))).toEqual(new Set([200]));
    });
    expect((await ask('/3/search/movie?query=a', key)).status).toBe(401);

    const id = /tcp_([A-Za-z0-9]+)_/.exec(key)![1]!;
    await keys('revoke', id);
    // As many in a row as make sure that each worker has been asked, also where its answer lies ready for the socket.
    // One by one: many refusals more would be braked (429).
    let refused: Got[] = [];
    const askOnce = async () => {
      const got = await ask('/3/movie/550', key);
      refused = got.status === 401 ? [...refused, got] : [];
      expect(refused).toHaveLength(8 * workers);
    };
    await within(REREAD_MS, askOnce, 0);
    expect(json(refused[0]!)).toMatchObject({ success: false, status_code: 7 });
  });

  it('a half-written, emptied or vanished file locks nobody out', async () => {
    const key = await addKey('alice');
    await start({ PROXY_KEYS_FILE: file });
    const troubles = () => proxy!.output().split('The keys read before stay in force').length;
    for (const spoil of [
      () => writeFileSync(file, '{"version":1,"tenants":{"alice":{"ke'),
      () => writeFileSync(file, ''),
      () => renameSync(file, `${file}.away`),
    ]) {
      const before = troubles();
      spoil();
      await within(REREAD_MS, async () => expect(troubles()).toBeGreaterThan(before));
      expect((await ask('/3/movie/550', key)).status).toBe(200);
    }
    const other = await addKey('bob'); // makes the file anew
    await within(REREAD_MS, async () => expect((await ask('/3/movie/550', other)).status).toBe(200));
    expect((await ask('/3/movie/550', key)).status).toBe(401);
  });

  it('the key reaches TMDB in no form, and the real one does', async () => {
    const key = await addKey('alice');
    await start({ PROXY_KEYS_FILE: file });
    await ask('/3/movie/551', key);
    await get(`${proxy!.url}/3/movie/552`, { headers: { authorization: `Bearer ${key}` } });
    await get(`${proxy!.url}${withKey('/3/account/1', key)}`);
    await get(`${proxy!.url}/3/movie/553/rating?guest_session_id=guest-1`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ api_key: key, value: 8 }),
    });
    const asked = JSON.stringify(origin.requests.all());
    expect(asked).not.toContain(key);
    expect(origin.requests.countOf('/3/movie/551')).toBe(1);
    expect(origin.requests.last()!.target).toContain('api_key=proxy-own-key');
    expect(proxy!.output()).not.toContain(key);
    expect(proxy!.output()).toContain('"tenant":"alice"');
  });

  it('usage is counted over all workers, shown to the operator alone, and outlives a restart', async () => {
    const cacheDir = mkdtempSync(join(tmpdir(), 'tmdb-proxy-test-'));
    const env = { PROXY_KEYS: 'alice=alices-key-0123456789;quota=1000;diagnostics,bob=bobs-key-0123456789' };
    const usage = async () => {
      const answer = await get(`${proxy!.url}/tenants`, { headers: ADMIN });
      const { tenants } = json(answer) as { tenants: { tenant: string; today: Record<string, number> }[] };
      return tenants.find(({ tenant }) => tenant === 'alice')!.today;
    };
    await start(env, cacheDir);
    expect((await get(`${proxy!.url}/tenants`)).status).toBe(401);
    const got = await many(6, '/3/movie/550', 'alices-key-0123456789');
    const hits = got.filter(({ headers }) => headers['x-cache'] === 'HIT').length;
    expect(hits).toBeGreaterThan(0);
    const bytes = got.reduce((sum, { body }) => sum + body.length, 0);
    await eventually(async () => expect((await usage()).requests).toBe(6));
    expect(await usage()).toMatchObject({
      requests: 6,
      hits,
      bytes,
      refused: 0,
      origin_requests: 1,
      quota_left: 994,
    });

    const [metrics, stats] = [await get(`${proxy!.url}/metrics`), await get(`${proxy!.url}/stats`)];
    expect(metrics.body.toString()).not.toMatch(/alice|tenant=/);
    expect(stats.body.toString()).not.toMatch(/alice/);

    await proxy!.stop();
    await start(env, cacheDir);
    expect(await usage()).toMatchObject({ requests: 6, quota_left: 994 });
    await ask('/3/movie/550', 'alices-key-0123456789');
    await eventually(async () => expect(await usage()).toMatchObject({ requests: 7, quota_left: 993 }));
    await proxy!.stop();
    proxy = undefined;
    rmSync(cacheDir, { recursive: true, force: true });
  });
});

describe('the start', () => {
  it.each([
    [
      'a bad entry',
      { PROXY_KEYS: 'alice=planted-proxy-key;rate=fast' },
      /PROXY_KEYS: alice: rate must be requests per second/,
    ],
    ['a key without a tenant', { PROXY_KEYS: 'planted-proxy-key' }, /PROXY_KEYS: entry 1: write tenant=key/],
  ])('is refused for %s, which is named without its key, with exit status 78', async (_what, env, line) => {
    const { code, output } = await runProxy({ env: pointedAt(origin.url, env) });
    expect(code).toBe(78);
    expect(output).toMatch(line);
    expect(output).not.toContain('planted-proxy-key');
  });

  it('is refused for a file with a mistake, which is named by its place', async () => {
    writeFileSync(file, '{"version":1,"tenants":{"alice":{"quota":"planted"}}}');
    const { code, output } = await runProxy({ env: pointedAt(origin.url, { PROXY_KEYS_FILE: file }) });
    expect(code).toBe(78);
    expect(output).toContain('PROXY_KEYS_FILE: tenants.alice.quota: must be number');
  });
});

describe('with a port for metrics', () => {
  it('tenants have series there, and only there', async () => {
    const proxy = await startProxy({
      env: pointedAt(origin.url, { METRICS_PORT: '0', PROXY_KEYS: 'alice=alices-key-0123456789' }),
    });
    try {
      await get(`${proxy.url}${withKey('/3/movie/550', 'alices-key-0123456789')}`);
      const metricsUrl = /"metrics":"(http:[^"]+)"/.exec(proxy.output())![1]!;
      await within(3 * PATIENCE_MS, async () => {
        const text = (await get(`${metricsUrl}/metrics`)).body.toString();
        expect(text).toContain('tmdb_proxy_tenant_requests_total{tenant="alice"} 1');
        expect(text).toContain('tmdb_proxy_proxy_keys 1');
      });
      expect((await get(`${proxy.url}/metrics`)).body.toString()).not.toContain('alice');
    } finally {
      await proxy.stop();
    }
  });
});
