import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ProxyClient } from '../../../src/cli/proxy-client.js';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function answering(handle: RequestListener): Promise<string> {
  server = createServer(handle);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const refusing = (status: number, detail: string) =>
  answering((_, res) => {
    res.writeHead(status, { 'content-type': 'application/problem+json' });
    res.end(JSON.stringify({ detail }));
  });

const asked = (url: string, key?: string) => new ProxyClient({ url, key, fetch }).get('/cache/info');

describe('asking a proxy', () => {
  it('sends the key as a header and reads the answer', async () => {
    let key: unknown;
    const url = await answering((req, res) => {
      key = req.headers['x-api-key'];
      res.end(JSON.stringify({ path: req.url, method: req.method }));
    });
    expect(await asked(url, 'k')).toEqual({ path: '/cache/info', method: 'GET' });
    expect(key).toBe('k');
  });

  it('takes a 503 for an answer only where it is one', async () => {
    const url = await answering((_, res) => res.writeHead(503).end('{"status":"unhealthy"}'));
    const client = new ProxyClient({ url, key: undefined, fetch });
    expect(await client.get('/health', [503])).toEqual({ status: 'unhealthy' });
    await expect(client.get('/stats')).rejects.toThrow('503');
  });

  it('without a key says that one is wanted, with a wrong one that it is wrong; the key is never told', async () => {
    const url = await refusing(401, 'This path needs the admin key.');
    await expect(asked(url)).rejects.toThrow(/401: it wants its admin key\. Set ADMIN_API_KEY here.*--key/);
    await expect(asked(url, 'SECRET')).rejects.toThrow(/401: it does not take this admin key\. Set ADMIN/);
    await expect(asked(url, 'SECRET')).rejects.not.toThrow(/SECRET/);
  });

  it('a proxy that obeys its own machine only says what to set', async () => {
    const url = await refusing(403, 'No ADMIN_API_KEY is set.');
    await expect(asked(url)).rejects.toThrow(
      /403: .*Run this there.*set ADMIN_API_KEY on the proxy and here/,
    );
  });

  it('any other refusal is told in the words of the proxy, and a key that comes back is not', async () => {
    const url = await refusing(400, 'SECRET: is no address');
    await expect(asked(url, 'SECRET')).rejects.toThrow(/400: \*\*\*: is no address$/);
  });

  it('no proxy says how to start one', async () => {
    const url = await answering(() => {});
    await new Promise((resolve) => server!.close(resolve));
    await expect(asked(url)).rejects.toThrow(/ECONNREFUSED.*tmdb-cache-proxy serve.*--url/);
  });

  it('a proxy that is silent is given up on', async () => {
    const url = await answering(() => {});
    const client = new ProxyClient({ url, key: undefined, fetch, timeoutMs: 50 });
    await expect(client.get('/stats')).rejects.toThrow('it is silent');
  });

  it('something else than a proxy is not believed, and nobody is followed elsewhere with the key', async () => {
    const page = await answering((_, res) => res.end('<html>'));
    await expect(asked(page)).rejects.toThrow('does not look like');
    server!.close();
    const elsewhere = await answering((_, res) =>
      res.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    );
    await expect(asked(elsewhere, 'SECRET')).rejects.toThrow('no proxy answers');
  });
});
