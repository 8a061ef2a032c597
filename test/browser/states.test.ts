import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { type ProxyProcess, pointedAt, startProxy } from '../support/proxy-process.js';
import { DESKTOP, ELSEWHERE, openBrowser, openPage, picture, sees, type Watchful } from './kit.js';

const KEY = 'planted-admin-key-4711';

let origin: SampleOrigin;
let browser: Browser;
let proxy: ProxyProcess | undefined;
let open: Watchful[] = [];

beforeAll(async () => {
  origin = await startSampleOrigin({});
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await origin?.close();
});
afterEach(async () => {
  await Promise.all(open.map(({ page }) => page.context().close()));
  open = [];
  await proxy?.stop();
  proxy = undefined;
});

async function start(env: Record<string, string>): Promise<string> {
  proxy = await startProxy({ env, quiet: true });
  return proxy.url;
}

async function visit(url: string, options = {}): Promise<Watchful> {
  const watched = await openPage(browser, new URL(url).origin, { ...DESKTOP, ...options });
  open.push(watched);
  await watched.page.goto(url);
  return watched;
}

describe('with an admin key', () => {
  it('asks for it, tells what is wrong, lets in, and out for good', async () => {
    const url = await start(pointedAt(origin.url, { WORKERS: '2', ADMIN_API_KEY: KEY }));
    const { page, faults } = await visit(`${url}/dashboard`);
    await picture(page, 'sign-in');
    await page.fill('#key', 'wrong');
    await page.keyboard.press('Enter');
    await sees(page, '#problem', /The admin key is wrong/);
    await picture(page, 'sign-in-wrong');
    await page.fill('#key', KEY);
    await page.keyboard.press('Enter');
    await sees(page, '#health', /^healthy$/);
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/dashboard' });
    expect(await page.evaluate('document.cookie')).toBe('');

    // Each on another connection, so that both processes have to know the session.
    for (let i = 0; i < 6; i++) {
      const headers = { cookie: `${cookie!.name}=${cookie!.value}`, connection: 'close' };
      expect((await fetch(`${url}/dashboard/api/cache/info`, { headers })).status).toBe(200);
    }

    const other = await page.context().newPage();
    await other.goto(`${url}/dashboard#entries`);
    await other.getByRole('button', { name: 'Sign out' }).click();
    await sees(other, 'label', /Admin key/);
    // The page that was open hears of it.
    await sees(page, '#banners', /signed out/);
    await picture(page, 'signed-out');
    const headers = { cookie: `${cookie!.name}=${cookie!.value}` };
    expect((await fetch(`${url}/dashboard/api/cache/info`, { headers })).status).toBe(401);
    expect(faults).toEqual([]);
    expect(proxy!.output()).not.toContain(KEY);
    expect(proxy!.output()).not.toContain(cookie!.value);
  });
});

describe('over plain http from another machine', () => {
  it('lets in and out, although the browser says little of where its forms come from', async () => {
    const url = await start(pointedAt(origin.url, { WORKERS: '1', ADMIN_API_KEY: KEY }));
    const there = url.replace('127.0.0.1', ELSEWHERE);
    const { page, faults } = await visit(`${there}/dashboard`);
    expect(await page.evaluate('isSecureContext')).toBe(false);
    await page.fill('#key', KEY);
    await page.keyboard.press('Enter');
    await sees(page, '#health', /^healthy$/);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await sees(page, 'label', /Admin key/);
    expect(faults).toEqual([]);
  });
});

describe('trouble', () => {
  it('a proxy that stops is said to be away, and its page is live again with it', async () => {
    const url = await start(pointedAt(origin.url, { WORKERS: '1' }));
    const { page } = await visit(`${url}/dashboard`);
    await sees(page, '#health', /^healthy$/);
    await proxy!.stop();
    await sees(page, '#banners', /Disconnected/);
    await sees(page, '#health', /^disconnected$/);
    await picture(page, 'disconnected');
    proxy = await startProxy({ env: pointedAt(origin.url, { PORT: new URL(url).port, WORKERS: '1' }) });
    await sees(page, '#health', /^healthy$/);
    await expect.poll(() => page.locator('#banners').textContent(), { timeout: 20_000 }).toBe('');
  });

  it('an origin that is down is named, with the state of its breaker', async () => {
    const gone = await startSampleOrigin({});
    const url = await start(pointedAt(gone.url, { WORKERS: '1', MAX_RETRIES: '0' }));
    await (await fetch(`${url}/3/movie/1`)).arrayBuffer();
    await gone.close();
    for (let i = 0; i < 12; i++) await (await fetch(`${url}/3/movie/${100 + i}`)).arrayBuffer();
    const { page } = await visit(`${url}/dashboard`);
    await sees(page, '#health', /^degraded$/);
    await sees(page, '#banners', /down; stored answers are served/);
    await sees(page, '#upstreams', /down.*(open|half open)/s);
    await picture(page, 'degraded', true);
  });

  it('from another machine, without a key, it is closed and says what opens it', async () => {
    const url = await start(pointedAt(origin.url, { WORKERS: '1' }));
    const { page } = await visit(`${url}/dashboard`, {
      extraHTTPHeaders: { 'x-forwarded-for': '203.0.113.9' },
    });
    await sees(page, 'main', /Closed from here.*ADMIN_API_KEY/s);
    await picture(page, 'closed');
  });
});

describe('what an origin sends', () => {
  const EVIL = '"><img src=x onerror=alert(1)><script>alert(2)</script>';
  let evil: Server;
  beforeAll(async () => {
    evil = createServer((request, response) => {
      const svg = request.url?.includes('svg');
      response.setHeader('cache-control', 'max-age=600');
      response.setHeader('x-evil', EVIL);
      response.setHeader(
        'content-type',
        svg ? 'image/svg+xml' : request.url?.includes('html') ? 'text/html' : 'application/json',
      );
      response.end(
        svg
          ? `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(3)</script></svg>`
          : JSON.stringify({ evil: EVIL }),
      );
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => evil.once('listening', resolve));
  });
  afterAll(() => evil.close());

  it.each(['json', 'html', 'svg'])('is shown as text and runs nowhere: %s', async (kind) => {
    const upstream = `http://127.0.0.1:${(evil.address() as AddressInfo).port}`;
    const url = await start({ UPSTREAM_TYPE: 'custom', UPSTREAM_SERVERS: upstream, WORKERS: '1' });
    await (await fetch(`${url}/${kind}?q=${encodeURIComponent(EVIL)}`)).arrayBuffer();
    const { page, faults } = await visit(`${url}/dashboard#entries`);
    await page.locator('#found .key').first().click();
    await sees(page, '#entry-body pre', /alert/);
    await sees(page, '#entry-body', /x-evil/i);
    const key = await page.locator('#found .key').first().getAttribute('title');
    expect(await page.locator('#entry-body img, #entry-body script, #entry-body iframe').count()).toBe(0);
    const image = await fetch(`${url}/dashboard/image?key=${encodeURIComponent(key!)}`);
    expect(image.status).toBe(404);
    expect(faults).toEqual([]);
    await picture(page, `evil-${kind}`);
  });
});
