import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/patience.js';
import { type ProxyProcess, startProxy } from '../support/proxy-process.js';
import { get } from '../support/raw-client.js';

/** Connections per round: with two workers none is left out by chance. */
const CONNECTIONS = 24;

/** A value per path, which writes raise; each answer says it. */
const versions = new Map<string, number>();
const asked: string[] = [];

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { method = 'GET', url = '/' } = request;
  const path = url.split('?')[0]!;
  asked.push(`${method} ${url}`);
  request.resume();
  const named = String(request.headers['x-names'] ?? '');
  if (method !== 'GET') versions.set(path, (versions.get(path) ?? 0) + 1);
  const body = String(versions.get(path) ?? 0);
  const headers: Record<string, string> = { 'cache-control': 'max-age=60', 'content-type': 'text/plain' };
  if (path.startsWith('/grouped')) headers['cache-groups'] = '"all"';
  if (named !== '') headers.location = named;
  if (url.includes('?dropping')) headers['cache-group-invalidation'] = '"all"';
  if (url.includes('?itself')) headers['content-location'] = url;
  if (url.includes('?cut')) {
    headers['content-location'] = url;
    headers['content-length'] = '1000';
    response.writeHead(200, headers);
    response.write('cut off', () => setTimeout(() => response.destroy(), 100));
    return;
  }
  response.writeHead(200, headers);
  response.end(url.includes('?itself') ? `posted ${body}` : body);
}

let origin: Server;
let proxy: ProxyProcess;
beforeAll(async () => {
  origin = createServer(answer);
  await new Promise<void>((ready) => origin.listen(0, '127.0.0.1', ready));
  const url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  proxy = await startProxy({
    env: {
      UPSTREAM_TYPE: 'custom',
      UPSTREAM_SERVERS: url,
      WORKERS: '2',
      PUBLIC_URL: 'https://public.test/m',
    },
  });
});
afterAll(async () => {
  await proxy.stop();
  await new Promise((done) => {
    origin.close(done);
    origin.closeAllConnections();
  });
});

/** What as many clients as there are connections are answered. */
async function everyone(path: string): Promise<string[]> {
  const answers = Array.from({ length: CONNECTIONS }, () => get(`${proxy.url}${path}`));
  return [...new Set((await Promise.all(answers)).map(({ body }) => body.toString()))];
}

function timesAsked(what: string): number {
  return asked.filter((line) => line === what).length;
}

async function write(path: string, headers: Record<string, string> = {}, method = 'POST') {
  return get(`${proxy.url}${path}`, { method, headers, body: 'x' });
}

describe('a write through one worker', () => {
  it('is seen by the clients of all, over and over', async () => {
    for (let version = 1; version <= 15; version++) {
      await everyone('/x');
      expect((await write('/x')).body.toString()).toBe(String(version));
      expect(await everyone('/x')).toEqual([String(version)]);
    }
  });

  it.each([
    ['a path', (path: string) => path],
    ['the public address', (path: string) => `https://public.test/m${path}`],
  ])('drops what Location names as %s', async (what, spelled) => {
    const path = `/named/${what.replaceAll(' ', '-')}`;
    expect(await everyone(path)).toEqual(['0']);
    versions.set(path, 7);
    expect((await write('/form', { 'x-names': spelled(path) })).headers.location).toBe(spelled(path));
    expect(await everyone(path)).toEqual(['7']);
  });

  it('drops the groups it names', async () => {
    for (const path of ['/grouped/1', '/grouped/2']) {
      expect(await everyone(path)).toEqual(['0']);
      versions.set(path, 7);
    }
    await write('/form?dropping', {}, 'PATCH');
    expect(await everyone('/grouped/1')).toEqual(['7']);
    expect(await everyone('/grouped/2')).toEqual(['7']);
  });

  it('by POST is itself the answer to a later GET of all, when it says so', async () => {
    const path = '/kept?itself';
    await everyone(path);
    const before = timesAsked(`GET ${path}`);
    const { body } = await write(path);
    expect(body.toString()).toBe('posted 1');
    // It is stored a moment after its last byte has been sent.
    const headers = { 'cache-control': 'only-if-cached' };
    await eventually(async () => expect((await get(`${proxy.url}${path}`, { headers })).status).toBe(200));
    expect(await everyone(path)).toEqual(['posted 1']);
    expect(timesAsked(`GET ${path}`)).toBe(before);
  });

  it('whose answer breaks off is stored by nobody, and its client is told', async () => {
    const path = '/broken?cut';
    await expect(write(path)).rejects.toThrow();
    await expect(get(`${proxy.url}${path}`)).rejects.toThrow();
    expect(timesAsked(`GET ${path}`)).toBe(1);
  });
});
