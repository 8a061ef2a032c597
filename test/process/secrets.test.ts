import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { eventually } from '../support/patience.js';
import { type ProxyProcess, startProxy } from '../support/proxy-process.js';
import { get } from '../support/raw-client.js';
import { freePort } from '../support/redis-server.js';

/** One of each kind. None can occur in anything by chance. */
const PLANTED = {
  tmdbV3: 'a9f3c1d27e5b48f6a0c2d4e6f8091b3d',
  tmdbV3Later: 'b8e2d0c16f4a59e7b1d3c5f7e9182a4c',
  tmdbV4: 'eyJhbGciOiJIUzI1NiJ9.eyJwbGFudGVkIjoidjQifQ.cGxhbnRlZC1zaWduYXR1cmU',
  admin: 'planted+admin/key==1',
  adminLater: 'planted+admin/key==2',
  proxyKey: 'planted-proxy-key-of-alice-1',
  proxyKeyLater: 'planted-proxy-key-of-alice-2',
  redis: 'planted:redis@pass/word',
  redisOther: 'planted-redis-password-2',
  httpsProxy: 'planted-forward-proxy-pw',
  peer: 'planted-peer-key',
  parent: 'planted-parent-key',
  clientKey: 'c1c2c3c4c5c6c7c8c9cacbcccdcecfc0',
  clientToken: 'eyJhbGciOiJIUzI1NiJ9.eyJjbGllbnQiOiJ0b2tlbiJ9.Y2xpZW50LXNpZ25hdHVyZQ',
  session: '5e5510n5e5510n5e5510n5e5510n0001',
  guest: '9ue579ue579ue579ue579ue579ue5701',
  requestToken: '70ke470ke470ke470ke470ke470ke401',
  cookie: 'planted-cookie-value',
  password: 'planted-user-password',
  wrongAdmin: 'planted-wrong-admin-key',
} as const;

const spellings = (secret: string) => [
  ...new Set([
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    Buffer.from(`user:${secret}`).toString('base64').replace(/=+$/, ''),
  ]),
];

/** `kind` of every secret that is in the text, with its surroundings. */
function leaksIn(text: string, where: string): string[] {
  return Object.entries(PLANTED).flatMap(([kind, secret]) =>
    spellings(secret).flatMap((spelling) => {
      const at = text.indexOf(spelling);
      return at < 0
        ? []
        : [`${kind} in ${where}: ${text.slice(Math.max(0, at - 120), at + spelling.length + 40)}`];
    }),
  );
}

/** All bytes of all files. */
function filesIn(folder: string): [path: string, content: string][] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => [path, readFileSync(path, 'latin1')]);
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** Answers every line as a Redis does that knows no such password, or every request as told. */
const refusingRedis = () =>
  listening(
    createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () =>
        socket.write('-WRONGPASS invalid username-password pair or user is disabled.\r\n'),
      );
    }),
  );
const httpServer = (listener: RequestListener) => listening(createServer(listener));
const refusingProxy = () =>
  listening(
    createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
    }),
  );

/** Sends bytes as they are and takes whatever comes until the server ends, or is silent. */
function raw(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let text = '';
    socket.setTimeout(1000, () => socket.destroy());
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(text));
    socket.write(bytes, 'latin1');
  });
}

const P = PLANTED;
const TARGETS = [
  `/3/movie/550?api_key=${P.clientKey}`,
  `/3/movie/550?language=de&api_key=${P.clientKey}&page=1`,
  `/3/movie/550?API_KEY=${P.clientKey}`,
  `/3/movie/550?api_key[]=${P.clientKey}`,
  `/3/movie/550?api%5Fkey=${P.clientKey}`,
  `/3/movie/550?a=1;api_key=${P.clientKey}`,
  `/3/movie/6&api_key=${P.clientKey}`,
  `/3/movie/550?redirect_to=https%3A%2F%2Fx.example%2F%3Fapi_key%3D${P.clientKey}`,
  `/3/movie/550/account_states?session_id=${P.session}&api_key=${P.clientKey}`,
  `/3/account?session_id=${P.session}`,
  `/3/guest_session/${P.guest}/rated/movies`,
  `/3/movie/550/rating?guest_session_id=${P.guest}`,
  `/3/authentication/session/new?request_token=${P.requestToken}`,
  `/3/authentication/token/validate_with_login?username=u&password=${P.password}&request_token=${P.requestToken}`,
  `/3/movie/%zz?api_key=${P.clientKey}`,
  `/3/..%2f?session_id=${P.session}`,
  `/3/movie/700?api_key=${P.clientKey}`,
  `/3/movie/701?api_key=${P.clientKey}`,
  `/t/p/w500/none.jpg?api_key=${P.clientKey}`,
  `/nothing/here?session_id=${P.session}`,
  `/config?api_key=${P.admin}`,
  `/cache/keys?limit=x&api_key=${P.clientKey}`,
  `/api/stats?session_id=${P.session}`,
];
const HEADERS: readonly Record<string, string>[] = [
  {},
  { cookie: `sid=${P.cookie}`, authorization: `Bearer ${P.clientToken}` },
  { 'x-api-key': P.wrongAdmin, traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
  { authorization: `Basic ${Buffer.from(`user:${P.password}`).toString('base64')}` },
];
const BODIES: readonly [target: string, body: string][] = [
  ['/3/authentication/session/new', JSON.stringify({ request_token: P.requestToken, api_key: P.clientKey })],
  ['/3/authentication/token/validate_with_login', JSON.stringify({ username: 'u', password: P.password })],
  ['/3/movie/550/rating', `value=8&session_id=${P.session}&api_key=${P.clientKey}`],
  ['/cache/purge', JSON.stringify({ keys: [P.clientKey], password: P.password, api_key: P.clientKey })],
  ['/cache/purge', `{"api_key": "${P.clientKey}`],
  ['/cache/warm', JSON.stringify({ targets: [`/3/movie/1?api_key=${P.clientKey}`] })],
  ['/config/log-level', JSON.stringify({ level: P.clientKey })],
];
const GARBAGE = [
  `GET /3/movie/1?api_key=${P.clientKey} HTTP/9.9\r\nHost: a\r\n\r\n`,
  `GET http://user:${P.password}@elsewhere.example/3/movie/1 HTTP/1.1\r\nHost: a\r\n\r\n`,
  `GET /3/movie/1?session_id=${P.session} HTTP/1.1\r\nHost: a\r\nHost: b\r\nCookie: ${P.cookie}\r\n\r\n`,
  `GET /3/movie/1?session_id=${P.session} HTTP/1.1\r\nHost: a\r\nCookie: ${P.cookie}${'x'.repeat(70_000)}\r\n\r\n`,
  `CONNECT user:${P.password}@a:443 HTTP/1.1\r\nHost: a\r\nProxy-Authorization: Bearer ${P.clientToken}\r\n\r\n`,
  `POST /3/list HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz${P.session}\r\n`,
  `${P.password}\r\n\r\n`,
  `GET /3/movie/550?api_key=${P.clientKey} HTTP/1.1\r\nHost: a\r\nX-Request-Id: ${'y'.repeat(200)}\r\n\r\n`,
];
const PAGES = [
  ...['/metrics', '/stats', '/config', '/cache/keys', '/cache/info', '/cache/search?q=movie', '/cache/warm'],
  ...[
    '/upstream',
    '/cluster/nodes',
    '/tenants',
    '/health',
    '/health/redis',
    '/status',
    '/openapi.json',
    '/docs',
  ],
];

let origin: SampleOrigin;
beforeAll(async () => {
  origin = await startSampleOrigin({});
  origin.faults.add({ kind: 'status', status: 500, match: '/3/movie/700' });
  origin.faults.add({ kind: 'reset', match: '/3/movie/701' });
});
afterAll(() => origin.close());

/**
 * Everything that clients and operators may do or do wrong. Returns whatever they were answered. `configured`: a secret that only
 * somebody who knows it can tell from other text.
 */
async function fullRun(
  proxy: ProxyProcess,
  { admin, key, configured }: { admin: string; key: string; configured: string },
): Promise<string> {
  const heard: string[] = [];
  const hear = async (asked: ReturnType<typeof get>) => {
    const { status, headers, body } = await asked;
    heard.push(`${status} ${JSON.stringify(headers)}\n${body.toString('latin1')}`);
  };
  // These first: what the others do wrong has the origin left alone for a while, and then nothing could be stored.
  for (const target of [`/3/movie/${configured}`, `/cache/search?q=${configured}`, ...TARGETS]) {
    for (const headers of HEADERS) await hear(get(proxy.url + target, { headers }));
    const ours = `${proxy.url}${target.replace(P.clientKey, key)}`;
    // Twice: the fast path has its own way to the log.
    for (let i = 0; i < 2; i++) await hear(get(ours, { headers: { cookie: `sid=${P.cookie}` } }));
  }
  for (const [target, body] of BODIES) {
    const method = target === '/config/log-level' ? 'PUT' : 'POST';
    const type = body.startsWith('{') ? 'application/json' : 'application/x-www-form-urlencoded';
    for (const more of [{ 'x-api-key': admin }, { authorization: `Bearer ${P.clientToken}` }])
      await hear(get(proxy.url + target, { method, body, headers: { 'content-type': type, ...more } }));
  }
  for (const bytes of GARBAGE) heard.push(await raw(proxy.url, bytes));
  for (const page of PAGES) await hear(get(proxy.url + page, { headers: { 'x-api-key': admin } }));
  return heard.join('\n\n');
}

describe.each([
  { name: 'one process, open to every client', workers: 1, keys: false },
  { name: 'workers, Redis that refuses, a parent, peers and clients with keys', workers: 2, keys: true },
])('no secret is in anything that is said or written: $name', ({ workers, keys }) => {
  it('whatever is asked, goes wrong or is configured, at every log level', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-secrets-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const secret = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const redis = await refusingRedis();
    const other = await httpServer((request, response) =>
      response.writeHead(401, { location: request.url ?? '', 'x-echo': request.url ?? '' }).end(),
    );
    const env: Record<string, string> = {
      TMDB_API_URLS: origin.url,
      // Through a forward proxy that refuses: nothing is behind it.
      TMDB_IMAGE_URLS: `https://127.0.0.1:${await freePort()}`,
      HTTPS_PROXY: `http://user:${P.httpsProxy}@127.0.0.1:${await refusingProxy()}`,
      TMDB_API_KEY_FILE: secret('tmdb', `${P.tmdbV3},${P.tmdbV4}`),
      ADMIN_API_KEY_FILE: secret('admin', P.admin),
      WORKERS: String(workers),
      LOG_LEVEL: 'trace',
      LOG_HITS: '1000000',
      MAX_RETRIES: '1',
      ...(keys && {
        PROXY_KEYS_FILE: secret('keys.txt', `alice=${P.proxyKey}\n`),
        USE_REDIS: 'true',
        REDIS_URL: `redis://user:${encodeURIComponent(P.redis)}@127.0.0.1:${redis}`,
        BUS_REDIS_URL: `redis://:${P.redisOther}@127.0.0.1:${redis}`,
        PEER_PROXIES: `http://user:${P.peer}@127.0.0.1:${other}`,
        PARENT_PROXY: `http://user:${P.parent}@127.0.0.1:${other}`,
        REQUEST_TIMEOUT: '2',
      }),
    };
    const data = join(folder, 'data');
    const proxy = await startProxy({ cacheDir: folder, env: { ...env, CACHE_DIR: data } });
    let heard = await fullRun(proxy, {
      admin: P.admin,
      key: keys ? P.proxyKey : P.clientKey,
      configured: P.tmdbV3,
    });
    const asked = (path: string, key: string) =>
      get(`${proxy.url}${path}`, { method: 'POST', headers: { 'x-api-key': key } });

    // Others are read, then a file with keys in the wrong lines.
    secret('tmdb', P.tmdbV3Later);
    secret('admin', P.adminLater);
    if (keys) secret('keys.txt', `alice=${P.proxyKeyLater}\n`);
    expect((await asked('/config/reload', P.admin)).status).toBe(200);
    heard += await fullRun(proxy, {
      admin: P.adminLater,
      key: keys ? P.proxyKeyLater : P.clientKey,
      configured: P.tmdbV3Later,
    });
    writeFileSync(
      join(folder, '.env'),
      `REQUEST_TIMEOUT=${P.tmdbV3Later}\nMAX_RETRIES=https://user:${P.password}@x\nSERVER_ID=${P.adminLater}\n${P.tmdbV3}=1\n`,
    );
    const refused = await asked('/config/reload', P.adminLater);
    expect(refused.status).toBe(422);
    heard += refused.body.toString();
    process.kill(proxy.pid, 'SIGHUP');
    await eventually(() => expect(proxy.output().match(/"mistakes":/g)?.length).toBeGreaterThanOrEqual(2));
    await get(`${proxy.url}/config/log-level`, {
      method: 'PUT',
      headers: { 'x-api-key': P.adminLater },
      body: '{"level":"debug"}',
    });
    expect(await proxy.stop()).toEqual({ code: 0, signal: null });

    expect(proxy.output()).toContain('"msg":"request"');
    expect(proxy.output()).toContain('"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"');
    expect([
      ...leaksIn(proxy.output(), 'what was printed'),
      ...leaksIn(heard, 'what was answered'),
      ...filesIn(data).flatMap(([path, content]) => leaksIn(content, path)),
    ]).toEqual([]);
  }, 120_000);
});

it('would be found in any spelling', () => {
  for (const [kind, planted] of Object.entries(PLANTED))
    for (const spelling of spellings(planted))
      expect(leaksIn(`{"a":"b${spelling}c"}`, 'x').some((leak) => leak.startsWith(kind))).toBe(true);
});
