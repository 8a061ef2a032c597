import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { adminApp, FakeManagement } from './fakes.js';

const management = new FakeManagement();
let server: ServerType;
let port: number;

beforeAll(async () => {
  const app = adminApp(management);
  server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.close();
});

function ask(method: string, path: string, headers: Record<string, string> = {}, body = '') {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>(
    (resolve, reject) => {
      const asked = request({ port, host: '127.0.0.1', method, path, headers, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: text }),
        );
      });
      asked.on('error', reject);
      asked.end(body);
    },
  );
}

it('takes PURGE on any path behind a real listener', async () => {
  expect((await ask('PURGE', '/3/movie/1?language=de-DE&x=%2F')).status).toBe(200);
  expect((await ask('PURGE', '/t/p/w500/a.jpg')).status).toBe(200);
  expect(management.purged.flatMap((command) => command.urls)).toEqual([
    '/3/movie/1?language=de-DE&x=%2F',
    '/t/p/w500/a.jpg',
  ]);
});

it('reads aliases, HEAD, and bodies without a content type', async () => {
  expect((await ask('GET', '/api/cache/info')).status).toBe(200);
  expect(await ask('HEAD', '/mapi/status')).toMatchObject({ status: 200, body: '' });
  expect((await ask('POST', '/cache/purge', {}, '{"tags":["movie:1"]}')).status).toBe(200);
  expect(
    (await ask('POST', '/cache/purge', { 'transfer-encoding': 'chunked' }, '{"tags":["movie:1"]}')).status,
  ).toBe(200);
});

it('refuses a public host name while no key is set', async () => {
  expect((await ask('GET', '/config', { host: 'rebound.example' })).status).toBe(403);
  expect((await ask('GET', '/config', { host: 'localhost' })).status).toBe(200);
});

it('cuts a body over 1 MiB off, announced or not', async () => {
  const body = JSON.stringify({ keys: ['a'.repeat(1024 * 1024)] });
  expect((await ask('POST', '/cache/purge', { 'content-length': String(body.length) }, body)).status).toBe(
    413,
  );
  expect((await ask('POST', '/cache/purge', { 'transfer-encoding': 'chunked' }, body)).status).toBe(413);
});
