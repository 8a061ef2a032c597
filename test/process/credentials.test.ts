import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { field } from '../../src/http/headers.js';
import { type ProxyProcess, pointedAt, startProxy } from '../support/proxy-process.js';
import { get, json } from '../support/raw-client.js';

const ONE = '0123456789abcdef0123456789abcdef';
const TWO = 'fedcba9876543210fedcba9876543210';
const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJzY29wZXMiOlsiYXBpX3JlYWQiXX0.c2ln';

let origin: SampleOrigin;
const admin = { 'x-api-key': 'admin-secret' };

async function keys(rules: { accepted?: string[]; suspended?: string[] }): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ accepted: [ONE, TWO, TOKEN], suspended: [], ...rules });
  expect((await get(`${origin.url}/__keys`, { method: 'POST', headers, body })).status).toBe(200);
}

beforeAll(async () => {
  origin = await startSampleOrigin({});
});
afterAll(() => origin.close());

describe.each([1, 2])('several keys, with WORKERS=%i', (workers) => {
  let proxy: ProxyProcess;
  beforeEach(() => keys({}));
  beforeAll(async () => {
    proxy = await startProxy({
      env: pointedAt(origin.url, {
        TMDB_API_KEY: [ONE, TWO].join(),
        WORKERS: String(workers),
        ADMIN_API_KEY: 'admin-secret',
      }),
    });
  });
  afterAll(async () => {
    expect(await proxy.stop()).toEqual({ code: 0, signal: null });
  });

  it('with two keys, one withdrawn, no client sees a 401', async () => {
    const ask = (id: number) => get(`${proxy.url}/3/search/movie?query=${id}`);
    expect((await ask(1)).status).toBe(200);
    await keys({ accepted: [TWO] });
    const ids = Array.from({ length: 40 }, (_, i) => 100 + i);
    const answers = await Promise.all(ids.map(ask));
    expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
    // what is passed through as well
    expect((await get(`${proxy.url}/3/movie/550/account_states?session_id=x`)).body.toString()).not.toContain(
      'Invalid API key',
    );
    const upstream = await get(`${proxy.url}/upstream`, { headers: admin });
    expect(json(upstream).credentials).toMatchObject([
      { number: 1, kind: 'v3', state: 'refused' },
      { number: 2, kind: 'v3', state: 'in-use', refused_until: null },
    ]);
    const metrics = (await get(`${proxy.url}/metrics`)).body.toString();
    expect(metrics).toContain('tmdb_proxy_credentials{state="refused"} 1');
    expect(metrics).toMatch(/^tmdb_proxy_credential_refusals_total [1-9]/m);
    expect(json(await get(`${proxy.url}/health`)).status).toBe('healthy');
  });

  it('with every key refused the client gets TMDB’s own 401, nothing is stored, and /health says why', async () => {
    await keys({ accepted: [], suspended: [TWO] });
    for (let i = 0; i < 3; i++) expect((await get(`${proxy.url}/3/search/movie?query=901`)).status).toBe(401);
    const health = json(await get(`${proxy.url}/health`));
    expect(health).toMatchObject({ status: 'degraded', checks: { upstream: { status: 'degraded' } } });
    expect(JSON.stringify(health)).toMatch(/every TMDB_API_KEY is refused/);
    // and a key that is accepted again is found by those who ask
    await keys({});
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++)
      statuses.push((await get(`${proxy.url}/3/search/movie?query=${910 + i}`)).status);
    expect(statuses.slice(2)).toEqual([200, 200]);
    expect(json(await get(`${proxy.url}/health`)).status).toBe('healthy');
  });

  it('no key is in anything it prints', async () => {
    const printed = [
      proxy.output(),
      (await get(`${proxy.url}/upstream`, { headers: admin })).body,
      (await get(`${proxy.url}/config`, { headers: admin })).body,
      (await get(`${proxy.url}/metrics`)).body,
      (await get(`${proxy.url}/stats`)).body,
    ].join('\n');
    expect(printed).not.toContain(ONE);
    expect(printed).not.toContain(TWO);
    expect(proxy.output()).toMatch(/TMDB refuses key 1 of TMDB_API_KEY \(code 7\)/);
  });
});

describe('both forms of a key', () => {
  const seen = () => {
    const { target, headers } = origin.requests.last()!;
    return { target, authorization: field(headers, 'authorization') };
  };
  let proxy: ProxyProcess;
  beforeEach(() => keys({}));
  afterAll(async () => {
    await proxy.stop();
  });

  it('a v4 token goes out as Bearer, a v3 key as api_key, whatever the client used, and take each other’s place', async () => {
    proxy = await startProxy({ env: pointedAt(origin.url, { TMDB_API_KEY: [TOKEN, ONE].join() }) });
    await get(`${proxy.url}/3/movie/11?api_key=of-the-client`);
    expect(seen().authorization).toBe(`Bearer ${TOKEN}`);
    expect(seen().target).toBe('/3/movie/11');
    await keys({ suspended: [TOKEN] });
    expect((await get(`${proxy.url}/3/movie/12`, { headers: { authorization: 'Bearer ' } })).status).toBe(
      200,
    );
    expect(seen().authorization).toBeUndefined();
    expect(seen().target).toBe(`/3/movie/12?api_key=${ONE}`);
  });
});
