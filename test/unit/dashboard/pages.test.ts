import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Preview } from '../../../src/admin/preview.js';
import { MOST_WATCHERS } from '../../../src/dashboard/watchers.js';
import { ASSETS, adminApp, FakeManagement } from '../admin/fakes.js';

const EVIL = '"><img src=x onerror=alert(1)><script>alert(2)</script>';
const PNG = Buffer.from('89504e470d0a1a0a0000', 'hex');

class Node extends FakeManagement {
  shown: Preview | null = null;
  name = 'node-1';

  override async status() {
    return { ...(await super.status()), serverId: this.name };
  }
  override async preview() {
    return this.shown;
  }
}

function kit() {
  const node = new Node();
  const app = adminApp(node);
  return {
    node,
    ask: (path: string, init: RequestInit = {}) => app.request(`http://localhost${path}`, init),
  };
}

describe('the page', () => {
  it('runs its own program, wears its own style, and has nothing from elsewhere', async () => {
    const response = await kit().ask('/dashboard');
    const policy = response.headers.get('content-security-policy')!;
    const nonce = /script-src 'nonce-([\w-]{22})'/.exec(policy)![1]!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe|\*|https?:|data:/);
    const page = await response.text();
    const scripts = [...page.matchAll(/<script([^>]*)>/g)].map(([, attributes]) => attributes!);
    expect(scripts).toHaveLength(1);
    expect(scripts[0]).toContain(`nonce="${nonce}"`);
    expect(page).not.toMatch(/<style| style="| on[a-z]+="|javascript:|https?:\/\/(?!www\.themoviedb\.org)/i);
    for (const [, target] of page.matchAll(/(?:src|href)="([^"]*)"/g))
      expect(target).toMatch(/^(?:#|\/(?!\/))/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-frame-options')).toBe('DENY');
    // Under `no-referrer` browsers say `Origin: null` of its forms, which are refused then.
    expect(response.headers.get('referrer-policy')).toBe('same-origin');
  });

  it('has another nonce each time', async () => {
    const { ask } = kit();
    const nonces = await Promise.all(
      [1, 2, 3].map(async () => (await ask('/dashboard')).headers.get('content-security-policy')),
    );
    expect(new Set(nonces).size).toBe(3);
  });

  it('shows names as text, whatever they hold', async () => {
    const { node, ask } = kit();
    node.name = EVIL;
    const page = await (await ask('/dashboard')).text();
    expect(page).toContain('&lt;script&gt;alert(2)');
    expect(page).not.toContain('<script>alert');
    expect(page).not.toContain('<img src=x');
  });

  it('is found with a slash at its end', async () => {
    const response = await kit().ask('/dashboard/');
    expect([response.status, response.headers.get('location')]).toEqual([308, '/dashboard']);
  });

  it('answers OPTIONS, and refuses what it does not do', async () => {
    const { ask } = kit();
    expect((await ask('/dashboard', { method: 'OPTIONS' })).headers.get('allow')).toBe('GET, HEAD, OPTIONS');
    expect((await ask('/dashboard', { method: 'POST' })).status).toBe(405);
  });
});

describe('its files', () => {
  it('are open, named by their hash, kept for ever and compressed once', async () => {
    const { path, bytes } = ASSETS.script;
    const app = adminApp(new FakeManagement(), { apiKey: 'key' });
    const plain = await app.request(`http://localhost${path}`);
    expect(path).toMatch(/^\/dashboard\/assets\/client-[0-9a-f]{16}\.js$/);
    expect(Buffer.from(await plain.arrayBuffer())).toEqual(bytes);
    expect(plain.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(plain.headers.get('x-content-type-options')).toBe('nosniff');
    const coded = await app.request(`http://localhost${path}`, {
      headers: { 'accept-encoding': 'br, gzip' },
    });
    expect(coded.headers.get('content-encoding')).toBe('gzip');
    expect(coded.headers.get('vary')).toBe('Accept-Encoding');
    expect(gunzipSync(Buffer.from(await coded.arrayBuffer()))).toEqual(bytes);
    const refused = await app.request(`http://localhost${path}`, {
      headers: { 'accept-encoding': 'gzip;q=0' },
    });
    expect(refused.headers.has('content-encoding')).toBe(false);
    expect(await ASSETS.script.gzipped()).toBe(await ASSETS.script.gzipped());
  });

  it.each(['client.js', 'client-0000000000000000.js', '..%2f..%2fpackage.json', ''])(
    'are these and no others: %j',
    async (name) => {
      expect((await kit().ask(`/dashboard/assets/${name}`)).status).toBe(404);
    },
  );
});

describe('what it shows of stored bodies', () => {
  it('a picture goes out as what its bytes are, and can be nothing else', async () => {
    const { node, ask } = kit();
    node.shown = { kind: 'image', type: 'image/png', bytes: PNG };
    const image = await ask('/dashboard/image?key=k');
    expect(image.headers.get('content-type')).toBe('image/png');
    expect(image.headers.get('x-content-type-options')).toBe('nosniff');
    expect(image.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(image.headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(Buffer.from(await image.arrayBuffer())).toEqual(PNG);
    expect(await (await ask('/dashboard/preview?key=k')).json()).toEqual({
      kind: 'image',
      type: 'image/png',
      length: PNG.length,
    });
  });

  it('a text goes out within JSON, markup or not, and never as a picture', async () => {
    const { node, ask } = kit();
    node.shown = { kind: 'text', json: false, text: EVIL, length: EVIL.length, truncated: false };
    const preview = await ask('/dashboard/preview?key=k');
    expect(preview.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await preview.json()).toEqual(node.shown);
    expect((await ask('/dashboard/image?key=k')).status).toBe(404);
  });

  it('nothing stored is a 404, no key a 400', async () => {
    const { ask } = kit();
    expect((await ask('/dashboard/preview?key=k')).status).toBe(404);
    for (const query of ['', '?key=', `?key=${'k'.repeat(20_000)}`])
      expect((await ask(`/dashboard/preview${query}`)).status).toBe(400);
  });
});

describe('how much a purge would take', () => {
  it('is told before it happens, for everything a purge can name', async () => {
    const { node, ask } = kit();
    const tally = (body: unknown) => ask('/dashboard/tally', { method: 'POST', body: JSON.stringify(body) });
    for (const body of [
      { all: true },
      { tags: ['movie:1'] },
      { class: 'image' },
      { keys: ['k'] },
      { prefix: 'v1:' },
    ])
      expect(await (await tally(body)).json()).toMatchObject({ entries: 2, complete: true });
    expect((await tally({})).status).toBe(400);
    expect((await tally({ class: 'nonsense' })).status).toBe(400);
    expect([...node.purged, ...node.cleared]).toEqual([]);
  });
});

describe('its events', () => {
  it('are a stream, so many at a time', async () => {
    const { ask } = kit();
    const streams = await Promise.all(Array.from({ length: MOST_WATCHERS }, () => ask('/dashboard/events')));
    expect(streams[0]!.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(streams[0]!.headers.get('cache-control')).toBe('no-store');
    const full = await ask('/dashboard/events');
    expect(full.status).toBe(503);
    expect(await full.json()).toMatchObject({ code: 'too_many_watchers' });
    await Promise.all(streams.map((stream) => stream.body!.cancel()));
    const again = await ask('/dashboard/events');
    expect(again.status).toBe(200);
    await again.body!.cancel();
  });

  it('to HEAD are no stream that nobody would end', async () => {
    const { ask } = kit();
    for (let i = 0; i <= MOST_WATCHERS; i++) await ask('/dashboard/events', { method: 'HEAD' });
    const response = await ask('/dashboard/events');
    expect(response.status).toBe(200);
    await response.body!.cancel();
  });
});
