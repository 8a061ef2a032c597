import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PATIENCE_MS } from '../../support/patience.js';
import { type ProxyProcess, pointedAt, startProxy } from '../../support/proxy-process.js';
import { get, json } from '../../support/raw-client.js';
import { Soak } from '../../support/soak.js';
import { send } from '../poisoning/pairs.js';

const soak = new Soak('ssrf');
/** REQUEST_TIMEOUT, ms. */
const TIMEOUT_MS = 5000;

interface Host {
  readonly url: string;
  readonly host: string;
  readonly asked: string[];
  /** Where every answer redirects to, with which status; undefined: it answers. */
  redirect: { status: number; location: string } | undefined;
  close(): void;
}

async function startHost(): Promise<Host> {
  const server = createServer((request, response) => {
    host.asked.push(request.url!);
    const { redirect } = host;
    // Once: a redirect to this host itself is followed.
    host.redirect = undefined;
    if (redirect !== undefined) response.writeHead(redirect.status, { Location: redirect.location });
    else response.setHeader('Content-Type', 'application/json');
    response.end('{"id":1}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const host: Host = {
    url: `http://${address}`,
    host: address,
    asked: [],
    redirect: undefined,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return host;
}

let origin: Host;
/** Something inside the network that nobody is to reach through the proxy. */
let inside: Host;
let table: ProxyProcess;
let letter: ProxyProcess;
let child: ProxyProcess;
/** Beyond what is warmed: each is asked of the origin. */
let number = 100_000;

beforeAll(async () => {
  [origin, inside] = await Promise.all([startHost(), startHost()]);
  const common = {
    WORKERS: '1',
    UPSTREAM_RATE: '10000',
    REQUEST_TIMEOUT: String(TIMEOUT_MS / 1000),
    MAX_RETRIES: '0',
  };
  [table, letter, child] = await Promise.all([
    startProxy({ quiet: true, env: pointedAt(origin.url, common) }),
    startProxy({ quiet: true, env: { ...common, UPSTREAM_TYPE: 'custom', UPSTREAM_SERVERS: origin.url } }),
    startProxy({ quiet: true, env: { ...common, PARENT_PROXY: origin.url, TMDB_API_KEY: 'proxy-own-key' } }),
  ]);
});
afterAll(async () => {
  await Promise.all([table, letter, child].map((proxy) => proxy.stop()));
  origin.close();
  inside.close();
  soak.end();
});

/** Ways to write an address that some parser takes for the inner host's. */
const addresses = ({ host, url }: Host, own: Host): string[] => [
  `${url}/3/movie/1`,
  `//${host}/3/movie/1`,
  `///${host}/3/movie/1`,
  `/\\${host}/3/movie/1`,
  `\\\\${host}\\3\\movie\\1`,
  `http:${url.slice(5)}/3/movie/1`,
  `http:/${host}/3/movie/1`,
  `HTTP://${host}/3/movie/1`,
  `http://${own.host}@${host}/3/movie/1`,
  `http://${host}#@${own.host}/3/movie/1`,
  `http://${host}%2f@${own.host}.evil.example/3/movie/1`,
  `http://${host}\\@${own.host}/3/movie/1`,
  `${url}/3/../3/movie/1`,
  `\t${url}/3/movie/1`,
  `/3/movie/1/..//${host}/x`,
  `/%2f${host}/3/movie/1`,
  `/3/movie/1@${host}`,
  `http://localhost:${host.split(':')[1]}/3/movie/1`,
  `http://2130706433:${host.split(':')[1]}/3/movie/1`,
  `http://[::ffff:127.0.0.1]:${host.split(':')[1]}/3/movie/1`,
];

describe('a warm-up asks no host but the configured ones', () => {
  it('whatever the addresses it is given', async () => {
    const honest = '/3/movie/777';
    const urls = [
      ...addresses(inside, origin),
      honest,
      'file:///etc/passwd',
      'gopher://127.0.0.1/3/movie/1',
      'ftp://127.0.0.1/3/movie/1',
    ];
    soak.input('addresses to warm', urls.length);
    const begun = await get(`${table.url}/cache/warm`, { method: 'POST', body: JSON.stringify({ urls }) });
    expect(begun.status).toBeLessThan(300);
    await vi.waitFor(
      async () => {
        const { body } = await get(`${table.url}/cache/warm`);
        expect(body.toString()).not.toMatch(/"status":"(?:queued|running)"/);
      },
      { timeout: PATIENCE_MS, interval: 20 },
    );
    soak.requests += urls.length;
    expect(inside.asked).toEqual([]);
    expect(origin.asked.map((target) => target.split('?')[0])).toContain(honest);
    // What they name is a path of TMDB's, whatever host is written before it.
    expect(origin.asked.every((target) => /^\/(?:3|4|t\/p)\//.test(target))).toBe(true);
  });
});

const STATUSES = [301, 302, 303, 307, 308];

it.each(['table', 'letter', 'child'] as const)(
  'a redirect of the origin is not followed to another host (%s)',
  async (name) => {
    const { url } = { table, letter, child }[name];
    await soak.rounds(1, 0.25, async (round) => {
      for (const [i, location] of addresses(inside, origin).entries()) {
        const redirect = { status: STATUSES[(i + round) % STATUSES.length]!, location };
        soak.input('redirects of the origin');
        origin.redirect = redirect;
        const reading = { method: 'GET', target: '/3/movie/#', fields: [], body: '' };
        await soak.timed(() => send(url, reading, ++number));
        expect(origin.redirect, 'the origin was asked, and has redirected').toBeUndefined();
        origin.redirect = redirect;
        const rating = { method: 'POST', target: '/3/movie/#/rating', fields: [], body: '{"value":8}' };
        await soak.timed(() => send(url, rating, ++number));
        expect(origin.redirect, 'the origin was sent it, and has redirected').toBeUndefined();
      }
    });
    expect(inside.asked).toEqual([]);
  },
  soak.timeout(0.25),
);

it('a client cannot name the host that is asked', async () => {
  const { host, url } = inside;
  const targets = [
    `${url}/3/movie/5`,
    `/3/movie/5?url=${url}`,
    `//${host}/3/movie/5`,
    `/${url}/3/movie/5`,
    `@${host}/3/movie/5`,
  ];
  const fields = [
    'Host',
    'X-Forwarded-Host',
    'X-Forwarded-Server',
    'X-Host',
    'Forwarded',
    'X-Original-URL',
    'X-Rewrite-URL',
    'Proxy',
    'Base-Url',
    'Destination',
  ];
  for (const proxy of [table, letter, child]) {
    for (const target of targets)
      await soak.timed(() => send(proxy.url, { method: 'GET', target, fields: [], body: '' }, 0));
    for (const name of fields)
      for (const value of [host, url, `host=${host}`]) {
        const asking = { method: 'GET', target: '/3/movie/#', fields: [name, value], body: '' };
        await soak.timed(() => send(proxy.url, asking, ++number));
        soak.input('hosts that clients name');
      }
  }
  expect(inside.asked).toEqual([]);
});

it('those that may be followed are: the origin moved a thing within its own host', async () => {
  origin.redirect = { status: 302, location: '/3/movie/4242' };
  const got = await soak.timed(() => get(`${table.url}/3/movie/4141`));
  expect(json(got)).toEqual({ id: 1 });
  expect(origin.asked.at(-1)).toMatch(/^\/3\/movie\/4242\b/);
});

it('none of all this kept anybody waiting', () => {
  expect(soak.longestStallMs).toBeLessThan(TIMEOUT_MS + PATIENCE_MS);
});
