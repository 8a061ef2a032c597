import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startSampleOrigin } from '../../src/demo/index.js';
import { pointedAt, startProxy } from '../support/proxy-process.js';
import { get, json } from '../support/raw-client.js';

/** Somebody on a port who counts whoever comes. */
async function counting() {
  let connections = 0;
  const server = createServer((_, response) => response.writeHead(500).end());
  server.on('connection', (_: Socket) => {
    connections++;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
  };
}

function folder(): string {
  const cacheDir = mkdtempSync(join(tmpdir(), 'offline-process-'));
  onTestFinished(() => rmSync(cacheDir, { recursive: true, force: true }));
  return cacheDir;
}

/** Of each class something, an image among them. */
async function pathsOf(originUrl: string): Promise<string[]> {
  const title = json(await get(`${originUrl}/3/movie/550?api_key=any`));
  return ['/3/movie/550?language=de', '/3/configuration', `/t/p/w500${title.poster_path}`];
}

/** Nothing is fresh for longer than a blink, and every stale window has ended. */
const SHORT = {
  JSON_DISK_TTL: '0.001',
  STATIC_DISK_TTL: '0.001',
  IMAGE_DISK_TTL: '0.001',
  STALE_WHILE_REVALIDATE: '0',
  STALE_IF_ERROR: '0',
};

describe.each([1, 2])('OFFLINE=true, with WORKERS=%i', (workers) => {
  it('what was seen is served, says so, and no packet leaves', async () => {
    const cacheDir = folder();
    const origin = await startSampleOrigin({});
    const online = await startProxy({ cacheDir, env: pointedAt(origin.url, SHORT) });
    const seen = await pathsOf(origin.url);
    const bodies = new Map<string, Buffer>();
    for (const path of seen) {
      const answer = await get(`${online.url}${path}`);
      expect(answer.status).toBe(200);
      bodies.set(path, answer.body);
    }
    expect(await online.stop()).toEqual({ code: 0, signal: null });
    await origin.close();

    const nobody = await counting();
    const proxy = await startProxy({
      cacheDir,
      env: pointedAt(nobody.url, {
        ...SHORT,
        OFFLINE: 'true',
        WORKERS: String(workers),
        CHANGE_FEED: 'true',
        HEALTH_CHECK_INTERVAL: '0.2',
      }),
    });
    for (let round = 0; round < 2; round++)
      for (const path of seen) {
        const answer = await get(`${proxy.url}${path}`);
        expect(answer.status).toBe(200);
        expect(answer.body).toEqual(bodies.get(path));
        expect(answer.headers['x-cache']).toBe('STALE');
        expect(answer.headers['cache-status']).toMatch(/; hit; ttl=-\d+; detail=(disk|memory)\/offline/);
      }
    for (const [method, path] of [
      ['GET', '/3/movie/551'],
      ['GET', '/3/account/1?session_id=x'],
      ['POST', '/3/movie/550/rating'],
    ] as const) {
      const answer = await get(`${proxy.url}${path}`, { method });
      expect(answer.status).toBe(504);
      expect(json(answer)).toMatchObject({ success: false, status_code: 24 });
      expect(json(answer).status_message).toMatch(/OFFLINE/);
    }
    expect(json(await get(`${proxy.url}/health`))).toMatchObject({
      status: 'healthy',
      checks: { upstream: { status: 'off' } },
    });
    expect(await proxy.stop()).toEqual({ code: 0, signal: null });
    expect(nobody.connections()).toBe(0);
  }, 90_000);
});

it.each([1, 2])(
  'an origin that is down, with WORKERS=%i: its class is served however old, another class is not',
  async (workers) => {
    const origin = await startSampleOrigin({});
    const proxy = await startProxy({
      env: pointedAt(origin.url, {
        ...SHORT,
        JSON_MEMORY_TTL: '0.001',
        MAX_RETRIES: '0',
        WORKERS: String(workers),
      }),
    });
    onTestFinished(async () => {
      await proxy.stop();
      await origin.close();
    });
    const title = `${proxy.url}/3/movie/550`;
    const [, , poster] = await pathsOf(origin.url);
    const body = (await get(title)).body;
    await get(`${proxy.url}${poster}`);
    // TMDB's API is gone; its image host, which is another upstream, answers.
    origin.faults.add({ kind: 'reset', match: '/3/' });
    await vi.waitFor(
      async () => {
        const answer = await get(title);
        expect(answer.status).toBe(200);
        expect(answer.headers['cache-status']).toMatch(/detail=(disk|memory)\/offline/);
        expect(answer.body).toEqual(body);
      },
      { timeout: 15_000, interval: 20 },
    );
    for (let i = 0; i < 10; i++) expect((await get(title)).status).toBe(200);
    expect((await get(`${proxy.url}/3/movie/551`)).status).toBe(503);
    const image = await get(`${proxy.url}${poster}`);
    expect(image.status).toBe(200);
    expect(image.headers['cache-status']).not.toContain('offline');
  },
);
