import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { SampleOrigin } from '../../../src/demo/index.js';
import { ask, sample } from './helpers.js';

const MOVIE = '/3/movie/550';

/** Everything a connection says until it ends, as text. */
function dialogue(origin: SampleOrigin, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(origin.port, '127.0.0.1');
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.once('end', () => resolve(text));
    socket.once('error', reject);
    socket.write(`GET ${path}?api_key=k HTTP/1.1\r\nHost: test\r\n\r\n`);
  });
}

test('status, its body and Retry-After, so many times', async () => {
  const origin = await sample();
  const fault = origin.faults.add({
    kind: 'status',
    status: 503,
    retryAfter: 0,
    times: 1,
    match: '/3/movie',
  });
  expect((await ask(origin, '/3/tv/1399')).status).toBe(200);
  const failed = await ask(origin, MOVIE);
  expect([failed.status, failed.headers['retry-after'], failed.json.status_code]).toEqual([503, '0', 9]);
  expect((await ask(origin, MOVIE)).status).toBe(200);
  expect([fault.hits, origin.faults.list().length]).toEqual([1, 0]);
});

test('a fault matches by regular expression, method and host', async () => {
  const origin = await sample();
  origin.faults.add({ kind: 'status', status: 500, match: 'movie/\\d+\\?', method: 'GET', host: 'a.test' });
  const host = (name: string) => ({ headers: { host: name } });
  expect((await ask(origin, MOVIE, host('a.test:80'))).status).toBe(500);
  expect((await ask(origin, MOVIE, host('b.test'))).status).toBe(200);
  expect((await ask(origin, '/3/movie/popular', host('a.test'))).status).toBe(200);
  expect((await ask(origin, MOVIE, { ...host('a.test'), method: 'HEAD' })).status).toBe(200);
});

test('an envelope with status 200 keeps the headers that caches like', async () => {
  const origin = await sample();
  origin.faults.add({ kind: 'envelope200', code: 25 });
  const { status, headers, json } = await ask(origin, MOVIE);
  expect([status, json.success, json.status_code]).toEqual([200, false, 25]);
  expect(headers['cache-control']).toMatch(/^public, max-age=\d{5}$/);
});

test('latency before head and body, and between chunks', async () => {
  const origin = await sample();
  origin.faults.add({ kind: 'latency', headMs: 30, bodyMs: 30, chunkDelayMs: 10, chunkBytes: 2000 });
  const begun = performance.now();
  const slow = await ask(origin, MOVIE);
  expect(performance.now() - begun).toBeGreaterThan(70);
  origin.faults.clear();
  expect(slow.body.equals((await ask(origin, MOVIE)).body)).toBe(true);
});

test('resets and hangs', async () => {
  const origin = await sample();
  for (const where of ['head', 'body'] as const) {
    origin.faults.add({ kind: 'reset', where, times: 1 });
    await expect(ask(origin, MOVIE), where).rejects.toMatchObject({ code: 'ECONNRESET' });
    origin.faults.add({ kind: 'hang', where, times: 1 });
    const hung = ask(origin, MOVIE);
    const outcome = await Promise.race([hung, new Promise((resolve) => setTimeout(resolve, 60, 'waiting'))]);
    expect(outcome, where).toBe('waiting');
    const ended = expect(hung).rejects.toThrow();
    await origin.stopListening();
    await ended;
    await origin.listen();
  }
});

test('bodies too short and too long', async () => {
  const origin = await sample();
  const { body } = await ask(origin, MOVIE);
  const parts = async () => {
    const [head = '', ...rest] = (await dialogue(origin, MOVIE)).split('\r\n\r\n');
    return [Number(/content-length: (\d+)/i.exec(head)?.[1]), rest.join('\r\n\r\n').length];
  };
  origin.faults.add({ kind: 'truncate', missing: 5, times: 1 });
  expect(await parts()).toEqual([body.length, body.length - 5]);
  origin.faults.add({ kind: 'excess', extra: 7, times: 1 });
  expect(await parts()).toEqual([body.length, body.length + 7]);
});

test('content codings that lie', async () => {
  const origin = await sample();
  const plain = await ask(origin, MOVIE);
  const gzip = { headers: { 'accept-encoding': 'gzip' } };
  origin.faults.add({ kind: 'gzip-without-header', times: 2 });
  for (const options of [{}, gzip]) {
    const { headers, body } = await ask(origin, MOVIE, options);
    expect(headers).not.toHaveProperty('content-encoding');
    expect(gunzipSync(body).equals(plain.body)).toBe(true);
  }
  origin.faults.add({ kind: 'header-without-gzip' });
  const lying = await ask(origin, MOVIE, gzip);
  expect(lying.headers['content-encoding']).toBe('gzip');
  expect(lying.body.equals(plain.body)).toBe(true);
});

test('headers, redirects, chunks and early hints', async () => {
  const origin = await sample();
  origin.faults.add({
    kind: 'headers',
    set: { ETag: null, 'Set-Cookie': ['a=1', 'b=2'], vary: '*' },
    times: 1,
  });
  const { headers } = await ask(origin, MOVIE);
  expect([headers.etag, headers['set-cookie'], headers.vary]).toEqual([undefined, ['a=1', 'b=2'], '*']);
  origin.faults.add({ kind: 'redirect', location: 'http://evil.test/', times: 1 });
  const away = await ask(origin, MOVIE);
  expect([away.status, away.headers.location]).toEqual([302, 'http://evil.test/']);
  origin.faults.add({ kind: 'no-content-length', times: 1 });
  expect((await ask(origin, MOVIE)).headers['transfer-encoding']).toBe('chunked');
  origin.faults.add({ kind: 'early-hints', links: ['</a.css>; rel=preload'], times: 1 });
  origin.faults.add({ kind: 'truncate', times: 1 });
  expect(await dialogue(origin, MOVIE)).toMatch(
    /^HTTP\/1.1 103 .*\r\nLink: <\/a.css>; rel=preload\r\n\r\nHTTP\/1.1 200/i,
  );
});

test('offline destroys every connection but the control path works', async () => {
  const origin = await sample();
  origin.faults.gate('held');
  const held = expect(ask(origin, MOVIE)).rejects.toThrow();
  await origin.faults.arrived('held');
  expect((await ask(origin, '/__faults', { method: 'POST', body: { kind: 'offline' } })).status).toBe(200);
  await held;
  await expect(ask(origin, MOVIE)).rejects.toThrow();
  await ask(origin, '/__faults', { method: 'DELETE' });
  expect((await ask(origin, MOVIE)).status).toBe(200);
});

test('a gate holds the answer made up before it, and lets through as many as told', async () => {
  const origin = await sample();
  for (const where of ['head', 'body'] as const) {
    origin.faults.gate('g', { where });
    const title = `Title at the ${where}`;
    const answers: string[] = [];
    const asked = [1, 2].map(() => ask(origin, MOVIE).then(({ json }) => answers.push(String(json.title))));
    await origin.faults.arrived('g', 2);
    origin.edit('movie', 550, { title });
    expect(origin.faults.release('g', 1)).toBe(1);
    await Promise.race(asked);
    expect([answers.length, origin.faults.waiting('g')]).toEqual([1, 1]);
    origin.faults.release('g');
    await Promise.all(asked);
    expect(answers).not.toContain(title);
    expect((await ask(origin, MOVIE)).json.title).toBe(title);
  }
});

test('the control path lists, refuses nonsense, releases, and tells the requests', async () => {
  const origin = await sample();
  const refused = await ask(origin, '/__faults', {
    method: 'POST',
    body: [{ kind: 'hang' }, { kind: 'nonsense' }],
  });
  expect([refused.status, origin.faults.list().length]).toEqual([400, 0]);
  await ask(origin, '/__faults', { method: 'POST', body: { kind: 'gate', name: 'g', match: '/3' } });
  const held = ask(origin, MOVIE);
  await origin.faults.arrived('g');
  expect((await ask(origin, '/__faults')).json).toMatchObject({
    faults: [{ kind: 'gate', hits: 1 }],
    gates: { g: 1 },
  });
  await ask(origin, '/__faults/release', { method: 'POST', body: { name: 'g' } });
  expect((await held).status).toBe(200);
  expect((await ask(origin, '/__requests?prefix=/3/')).json).toMatchObject({
    total: 1,
    count: 1,
    max_concurrent: 1,
  });
});

test('the log has raw headers, connections and counts', async () => {
  const origin = await sample({ logSize: 4 });
  await ask(origin, MOVIE, { headers: { 'X-Mixed': 'Case' } });
  const [first] = origin.requests.all();
  expect(first).toMatchObject({ method: 'GET', target: `${MOVIE}?api_key=k`, connection: 1, status: 200 });
  expect(first?.headers).toContain('X-Mixed');
  for (let i = 0; i < 6; i++) await ask(origin, '/3/tv/1399');
  expect(origin.requests.total).toBe(7);
  expect(origin.requests.all().length).toBeLessThanOrEqual(4);
  expect(origin.requests.countOf('/3/movie')).toBe(0);
  origin.requests.reset();
  expect(origin.requests.count()).toBe(0);
});
