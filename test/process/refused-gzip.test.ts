import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProxyProcess, pointedAt, startProxy } from '../support/proxy-process.js';
import { get } from '../support/raw-client.js';

const KEY = 'a-tenants-key-0123456789';
const JSON_TYPE = { 'content-type': 'application/json;charset=utf-8' };

/** What the origin says at each path, before it codes it. `stored`: answered from the cache from then on. */
interface Said {
  readonly status?: number;
  readonly headers: Record<string, string>;
  readonly stored?: true;
  readonly bytes?: number;
}
const SAID: Record<string, Said> = {
  '/3/movie/1': { headers: JSON_TYPE, stored: true },
  '/3/movie/2': { headers: { ...JSON_TYPE, 'set-cookie': 'a=b' } },
  '/3/movie/3': { headers: { ...JSON_TYPE, vary: '*' } },
  '/3/movie/4': { headers: { 'content-type': 'text/html' } },
  '/3/movie/5': { headers: { ...JSON_TYPE, 'cache-control': 'no-store' } },
  '/3/movie/6': { status: 500, headers: JSON_TYPE },
  '/3/movie/7': { status: 401, headers: JSON_TYPE },
  '/3/movie/8': { status: 404, headers: JSON_TYPE },
  '/3/movie/9': { headers: JSON_TYPE, bytes: 1_500_000 },
  '/3/movie/10': { headers: { ...JSON_TYPE, 'x-body': 'envelope' } },
  '/t/p/original/a.svg': { headers: { 'content-type': 'image/svg+xml', 'set-cookie': 'a=b' } },
  '/3/account/1': { headers: JSON_TYPE },
};

/** Made once: the largest takes a while to code. */
const MADE = new Map(Object.entries(SAID).map(([path, said]) => [path, bodyAt(path, said)]));
const CODED = new Map([...MADE].map(([path, plain]) => [path, gzipSync(plain)]));

function bodyAt(path: string, { headers, bytes = 2000 }: Said): Buffer {
  if (path.endsWith('.svg')) return Buffer.from(`<svg>${'x'.repeat(bytes)}</svg>`);
  if (headers['x-body'] === 'envelope')
    return Buffer.from('{"success":false,"status_code":11,"status_message":"Internal error"}');
  // Not so even that it would be small when coded.
  const filler = Array.from({ length: bytes / 10 }, (_, i) =>
    String(((i + 7) * 7919) % 10 ** 10).padStart(10, '-'),
  );
  return Buffer.from(`{"path":"${path}","filler":"${filler.join('')}"}`);
}

/** Codes all for those who take gzip, and text that is an image for everyone; says nothing of it in Vary. */
function codingOrigin(): Server {
  return createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://origin').pathname;
    const said = SAID[path] ?? { status: 404, headers: JSON_TYPE };
    const asked = request.headers['accept-encoding'] ?? '';
    const codes = MADE.has(path) && (/\bgzip\b(?!;q=0)/.test(asked) || path.endsWith('.svg'));
    const body = (codes ? CODED : MADE).get(path) ?? Buffer.from('{}');
    response.writeHead(said.status ?? 200, {
      ...said.headers,
      ...(codes && { 'content-encoding': 'gzip' }),
      'content-length': body.length,
      etag: '"origin"',
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
}

let origin: Server;
let originUrl: string;
beforeAll(async () => {
  origin = codingOrigin();
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  originUrl = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
});
afterAll(() => {
  origin.closeAllConnections();
  origin.close();
});

const REFUSING = [undefined, 'identity', 'gzip;q=0', 'br'];
const LIMITS = { MAX_RETRIES: '0', MAX_ENTRY_BYTES: '100000', BREAKER_MIN_REQUESTS: '1000' };

interface Way {
  readonly name: string;
  readonly start: () => Promise<ProxyProcess[]>;
  readonly headers?: Record<string, string>;
}
const one = (more: Record<string, string>) =>
  startProxy({ env: pointedAt(originUrl, { ...LIMITS, ...more }) });
const WAYS: Way[] = [
  { name: 'one process', start: async () => [await one({})] },
  { name: 'workers', start: async () => [await one({ WORKERS: '2' })] },
  {
    name: 'a parent',
    start: async () => {
      const parent = await one({});
      return [await one({ PARENT_PROXY: parent.url }), parent];
    },
  },
  {
    name: 'tenants',
    start: async () => [await one({ PROXY_KEYS: `a=${KEY}` })],
    headers: { authorization: `Bearer ${KEY}` },
  },
];

describe.each(WAYS)(
  'a client that takes no gzip, of an origin that codes ($name)',
  ({ start, headers = {} }) => {
    let proxies: ProxyProcess[];
    beforeAll(async () => {
      proxies = await start();
    });
    afterAll(() => Promise.all(proxies.map((proxy) => proxy.stop())));

    const ask = (path: string, coding: string | undefined, method = 'GET') =>
      get(`${proxies[0]!.url}${path}`, {
        method,
        headers: { ...headers, ...(coding !== undefined && { 'accept-encoding': coding }) },
      });

    it.each(Object.entries(SAID).filter(([path]) => !path.includes('account')))(
      'is sent %s without it, and one that takes it is sent it coded or as it is',
      async (path, said) => {
        const plain = MADE.get(path)!;
        // All at once, so that some wait for the same answer; then each by itself.
        const codings = [...REFUSING, 'gzip', 'gzip, br'];
        const together = await Promise.all(codings.map((coding) => ask(path, coding)));
        const alone = [];
        for (const coding of codings) alone.push(await ask(path, coding));
        for (const [i, reply] of [...together, ...alone].entries()) {
          const coding = codings[i % codings.length];
          expect([coding, reply.status]).toEqual([coding, said.status ?? 200]);
          const coded = reply.headers['content-encoding'];
          if (REFUSING.includes(coding)) expect([coding, coded]).toEqual([coding, undefined]);
          const bytes = coded === 'gzip' ? gunzipSync(reply.body) : reply.body;
          expect(bytes.equals(plain)).toBe(true);
          const length = reply.headers['content-length'];
          if (length !== undefined) expect(Number(length)).toBe(reply.body.length);
          if (coded === undefined && said.stored !== true)
            expect(reply.headers['accept-ranges']).toBeUndefined();
        }
      },
    );

    it.each(Object.keys(SAID))('HEAD of %s says nothing of gzip', async (path) => {
      for (const coding of REFUSING) {
        const reply = await ask(path, coding, 'HEAD');
        expect([reply.status, reply.body.length]).toEqual([SAID[path]!.status ?? 200, 0]);
        expect(reply.headers['content-encoding']).toBeUndefined();
        const length = reply.headers['content-length'];
        if (length !== undefined) expect(Number(length)).toBe(MADE.get(path)!.length);
      }
    });

    it('what is passed through is in the coding that the origin has chosen for this very client', async () => {
      const path = '/3/account/1?session_id=abc';
      expect((await ask(path, undefined)).headers['content-encoding']).toBeUndefined();
      expect((await ask(path, 'gzip')).headers).toMatchObject({
        'content-encoding': 'gzip',
        etag: '"origin"',
      });
    });
  },
);
