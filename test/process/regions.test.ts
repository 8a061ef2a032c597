import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { eventually, PATIENCE_MS } from '../support/patience.js';
import { type ProxyProcess, pointedAt, startProxy } from '../support/proxy-process.js';
import { type Got, get, json } from '../support/raw-client.js';
import { freePort } from '../support/redis-server.js';

let origin: SampleOrigin;
const running: ProxyProcess[] = [];
const directories: string[] = [];

beforeAll(async () => {
  origin = await startSampleOrigin({});
});
beforeEach(() => origin.requests.reset());
afterEach(async () => {
  origin.faults.clear();
  await Promise.all(running.splice(0).map((proxy) => proxy.stop()));
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});
afterAll(() => origin.close());

/** A region of one node called `name`, with an admin key of its own. */
async function region(
  name: string,
  env: Record<string, string> = {},
  cacheDir?: string,
): Promise<ProxyProcess> {
  const proxy = await startProxy({
    env: pointedAt(origin.url, { SERVER_ID: name, WORKERS: '1', ADMIN_API_KEY: `admin-${name}`, ...env }),
    ...(cacheDir !== undefined && { cacheDir }),
  });
  running.push(proxy);
  return proxy;
}

async function stop(proxy: ProxyProcess): Promise<void> {
  running.splice(running.indexOf(proxy), 1);
  expect((await proxy.stop()).code).toBe(0);
}

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'tmdb-proxy-region-'));
  directories.push(made);
  return made;
}

const manage = (proxy: ProxyProcess, name: string, path: string, body?: object): Promise<Got> =>
  get(`${proxy.url}${path}`, {
    method: body === undefined && path === '/upstream' ? 'GET' : 'POST',
    headers: { 'x-api-key': `admin-${name}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

const seen = ({ headers }: Got) => headers['x-cache'];
const MOVIE = '/3/movie/550';

/** Fills the entry and waits until it is a hit. */
async function filled(proxy: ProxyProcess, path = MOVIE): Promise<void> {
  await get(`${proxy.url}${path}`);
  await eventually(async () => expect(seen(await get(`${proxy.url}${path}`))).toBe('HIT'));
}

const at = (port: number, key?: string) => `http://${key === undefined ? '' : `:${key}@`}127.0.0.1:${port}`;

describe('purges cross regions', () => {
  it('to a peer that was down, from a node that was restarted meanwhile', async () => {
    const port = await freePort();
    const cacheA = directory();
    const cacheB = directory();
    const toB = { PEER_PROXIES: at(port, 'admin-b') };
    const b = await region('b', { PORT: String(port) }, cacheB);
    await filled(b);
    await stop(b);

    const a = await region('a', toB, cacheA);
    expect((await manage(a, 'a', '/cache/purge', { tags: ['movie:550'] })).status).toBe(200);
    await eventually(async () => {
      const { peers } = json(await manage(a, 'a', '/upstream')) as { peers: { detail: string }[] };
      expect(peers[0]?.detail).toContain('1 purge waits');
      expect(peers[0]?.detail).toContain('ECONNREFUSED');
    });
    process.kill(a.pid, 'SIGKILL');
    await a.stop();
    running.splice(running.indexOf(a), 1);

    const again = await region('a', toB, cacheA);
    const back = await region('b', { PORT: String(port) }, cacheB);
    await vi.waitFor(async () => expect(again.output()).toContain('takes purges again'), 15_000);
    expect(seen(await get(`${back.url}${MOVIE}`))).toBe('MISS');
    expect(again.output() + back.output()).not.toMatch(/admin-[ab]/);
  }, 60_000);

  it('by tag, key, prefix, class and all, between two that are peers of each other, and do not circle', async () => {
    const [portA, portB] = [await freePort(), await freePort()];
    const a = await region('a', { PORT: String(portA), PEER_PROXIES: at(portB, 'admin-b') });
    const b = await region('b', { PORT: String(portB), PEER_PROXIES: at(portA, 'admin-a') });
    const purges: [string, object | undefined][] = [
      ['/cache/purge', { tags: ['movie:550'] }],
      ['/cache/purge', { keys: ['v1:api:/3/movie/550'] }],
      ['/cache/purge', { urls: ['https://www.themoviedb.org/movie/550-fight-club'] }],
      ['/cache/purge', { prefix: 'v1:api:/3/movie/5' }],
      ['/cache/purge', { class: 'detail' }],
      ['/cache/clear?type=all&cascade=true', undefined],
    ];
    for (const [path, body] of purges) {
      await filled(b);
      const done = await manage(a, 'a', path, body);
      expect(done.status).toBe(200);
      await vi.waitFor(
        async () => {
          const asked = origin.requests.countOf(MOVIE);
          await get(`${b.url}${MOVIE}`);
          expect(origin.requests.countOf(MOVIE)).toBeGreaterThan(asked);
        },
        { timeout: 3 * PATIENCE_MS },
      );
    }
    // What came from A was not sent back to it: neither has anything left to say.
    const calls = (proxy: ProxyProcess) => proxy.output().split('"path":"/cache/').length - 1;
    await eventually(() => expect(calls(b)).toBe(purges.length)); // its output comes through a pipe
    await eventually(() => expect(calls(a)).toBe(purges.length));
  }, 60_000);

  it('a repeated delivery is answered and not raised again (I-16)', async () => {
    const b = await region('b');
    const deliver = (id: string) =>
      get(`${b.url}/cache/purge`, {
        method: 'POST',
        headers: { 'x-api-key': 'admin-b', 'x-tmdb-proxy-cascade': 'a', 'x-tmdb-proxy-purge-id': id },
        body: JSON.stringify({ tags: ['movie:550'] }),
      });
    expect((await deliver('a:1')).status).toBe(200);
    await filled(b);
    expect((await deliver('a:1')).status).toBe(200);
    expect(seen(await get(`${b.url}${MOVIE}`))).toBe('HIT');
    expect((await deliver('a:2')).status).toBe(200);
    expect(seen(await get(`${b.url}${MOVIE}`))).toBe('MISS');
  });

  it("the peer is shown the key of its own URL and never this node's", async () => {
    const received: string[] = [];
    const peer = createServer((incoming, response) => {
      received.push(JSON.stringify(incoming.rawHeaders));
      response.writeHead(401).end();
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => peer.once('listening', resolve));
    const { port } = peer.address() as AddressInfo;
    const a = await region('a', { PEER_PROXIES: `${at(port, 'peer-own-key')},${at(port)}` });
    await manage(a, 'a', '/cache/purge', { tags: ['movie:550'] });
    await manage(a, 'a', '/cache/clear?cascade=true');
    await eventually(() => expect(a.output()).toContain('check its address and the key in PEER_PROXIES'));
    expect(received.join()).toContain('peer-own-key');
    expect(received.join()).not.toContain('admin-a');
    expect(a.output()).not.toMatch(/peer-own-key|admin-a/);
    peer.closeAllConnections();
    peer.close();
  });
});

describe('a region with a parent', () => {
  it('asks it instead of TMDB, and hears of the caches before it (I-24)', async () => {
    const parent = await region('parent');
    await filled(parent);
    const child = await region('child', { PARENT_PROXY: parent.url, WORKERS: '2' });
    origin.requests.reset();
    const got = await get(`${child.url}${MOVIE}`);
    expect([got.status, seen(got), got.headers['x-tmdb-proxy']]).toEqual([200, 'MISS', 'child']);
    expect(got.headers['cache-status']).toMatch(/^parent; hit; ttl=\d+.*, child; fwd=uri-miss/);
    expect(got.headers['x-cache']).toBe('MISS');
    expect(origin.requests.total).toBe(0);
    const image = '/t/p/w500/sample.jpg';
    expect((await get(`${child.url}${image}`)).status).toBe(200);
    expect((await get(`${parent.url}${image}`)).headers['x-cache']).toBe('HIT');
  });

  it('answers when the parent is down, and when it hangs', async () => {
    const refused = await region('child', { PARENT_PROXY: at(await freePort()) });
    expect((await get(`${refused.url}${MOVIE}`)).status).toBe(200);
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const hanging = await region('child', {
      PARENT_PROXY: at((silent.address() as AddressInfo).port),
      REQUEST_TIMEOUT: '1.5',
    });
    expect((await get(`${hanging.url}${MOVIE}`)).status).toBe(200);
    silent.closeAllConnections();
    silent.close();
  });

  it('I-11, I-12: what the parent serves stale comes with its age and is not fresh here', async () => {
    const parent = await region('parent', { JSON_DISK_TTL: '0.02', JSON_MEMORY_TTL: '0.02' });
    await filled(parent);
    const child = await region('child', { PARENT_PROXY: parent.url });
    await new Promise((resolve) => setTimeout(resolve, 2500)); // 1.2 s ± 10 % are over
    origin.faults.add({ kind: 'offline' });
    const stale = await get(`${child.url}${MOVIE}`);
    expect(stale.status).toBe(200);
    expect(stale.headers['cache-status']).toMatch(/^parent; hit; ttl=-\d/);
    expect(stale.headers['cache-control']).toBe('public, max-age=0');
    expect(Number(stale.headers.age)).toBeGreaterThanOrEqual(2);
    const again = await get(`${child.url}${MOVIE}`);
    expect(seen(again)).toBe('STALE');
    expect(Number(again.headers.age)).toBeGreaterThanOrEqual(Number(stale.headers.age));
  });

  it('I-1: a purge here is not undone by the copy of a parent that has not heard of it', async () => {
    const parent = await region('parent');
    await filled(parent);
    const child = await region('child', { PARENT_PROXY: parent.url });
    await filled(child);
    origin.edit('movie', 550, { title: 'Edited' });
    await manage(child, 'child', '/cache/purge', { tags: ['movie:550'] });
    expect((await get(`${child.url}${MOVIE}`)).body.toString()).toContain('Edited');
    expect((await get(`${parent.url}${MOVIE}`)).body.toString()).not.toContain('Edited');
  });

  it('sends it the key of PARENT_PROXY and not the one for TMDB', async () => {
    const received: string[] = [];
    const parent = createServer((incoming, response) => {
      received.push(`${incoming.url} ${JSON.stringify(incoming.rawHeaders)}`);
      response.writeHead(401).end();
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => parent.once('listening', resolve));
    const { port } = parent.address() as AddressInfo;
    const child = await region('child', { PARENT_PROXY: at(port, 'key-for-parent') });
    const headers = { 'cdn-loop': 'evil.example; x=1, tmdb-proxy-grandchild; evil=1' };
    expect((await get(`${child.url}${MOVIE}`, { headers })).status).toBe(200);
    expect(received).toHaveLength(1);
    expect(received[0]).toContain('api_key=key-for-parent');
    expect(received[0]).toContain('"CDN-Loop","tmdb-proxy-grandchild, tmdb-proxy-child"');
    expect(received[0]).not.toContain('proxy-own-key');
    expect(JSON.stringify(origin.requests.all())).not.toMatch(/key-for-parent/);
    expect(child.output()).not.toMatch(/key-for-parent/);
    parent.closeAllConnections();
    parent.close();
  });
});

describe('two regions that are each other’s parent', () => {
  it.each([1, 2])(
    'answer quickly, with one request to TMDB each at most (WORKERS=%i)',
    async (workers) => {
      const [portA, portB] = [await freePort(), await freePort()];
      const env = (port: number, other: number) => ({
        PORT: String(port),
        PARENT_PROXY: at(other),
        WORKERS: String(workers),
      });
      const a = await region('a', env(portA, portB));
      const b = await region('b', env(portB, portA));
      const got = await get(`${a.url}${MOVIE}`);
      expect(got.status).toBe(200);
      expect(got.headers['cache-status']).toMatch(/^b; fwd=uri-miss.*, a; fwd=uri-miss/);
      expect(origin.requests.countOf(MOVIE)).toBe(1);
      // At the same moment in both: each waits for the other's flight, and neither for long.
      const paths = [1, 2, 3, 4, 5].map((page) => `/3/movie/popular?page=${page}`);
      const both = paths.flatMap((path) => [get(`${a.url}${path}`), get(`${b.url}${path}`)]);
      for (const { status } of await Promise.all(both)) expect(status).toBe(200);
      // Refused at once, not given up on after a deadline.
      for (const [proxy, name] of [
        [a, 'a'],
        [b, 'b'],
      ] as const) {
        const { upstreams } = json(await manage(proxy, name, '/upstream')) as {
          upstreams: { last_error: string | null }[];
        };
        for (const { last_error } of upstreams) expect(last_error ?? 'answered 508').toBe('answered 508');
      }
      expect(origin.requests.countOf('/3/movie/popular')).toBeLessThanOrEqual(paths.length * 2);
      const loop = await get(`${a.url}${MOVIE}`, { headers: { 'cdn-loop': 'tmdb-proxy-b, tmdb-proxy-a' } });
      expect(loop.status).toBe(508);
      expect(json(loop)).toMatchObject({ success: false });
    },
    60_000,
  );
});
