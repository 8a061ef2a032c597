import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { type ProxyProcess, pointedAt, startProxy } from '../support/proxy-process.js';
import { DESKTOP, fits, openBrowser, openPage, PHONE, picture, sees, traffic, type Watchful } from './kit.js';

let origin: SampleOrigin;
let proxy: ProxyProcess;
let browser: Browser;
let open: Watchful[] = [];

beforeAll(async () => {
  origin = await startSampleOrigin({});
  // Two processes: whatever the page asks may be answered by either.
  proxy = await startProxy({
    env: pointedAt(origin.url, { WORKERS: '2', CHANGE_FEED: 'true' }),
    quiet: true,
  });
  browser = await openBrowser();
  await traffic(proxy.url, 60);
});
afterAll(async () => {
  await browser?.close();
  await proxy?.stop();
  await origin?.close();
});
afterEach(async () => {
  const faults = open.flatMap((watched) => watched.faults);
  await Promise.all(open.map(({ page }) => page.context().close()));
  open = [];
  expect(faults).toEqual([]);
});

async function visit(view: string, options = {}): Promise<Page> {
  const watched = await openPage(browser, proxy.url, { ...DESKTOP, ...options });
  open.push(watched);
  await watched.page.goto(`${proxy.url}/dashboard#${view}`);
  await sees(watched.page, '#health', /^healthy$/);
  return watched.page;
}

describe('the overview', () => {
  it('shows what happens while it happens', async () => {
    const page = await visit('overview');
    let busy = true;
    const load = (async () => {
      while (busy) await traffic(proxy.url, 5);
    })();
    onTestFinished(async () => {
      busy = false;
      await load;
    });
    await sees(page, '#tile-requests .value', /^[1-9][\d,.k]* \/s$/);
    await sees(page, '#tile-cached .value', /%$/);
    await sees(page, '#tile-latency .value', /ms$/);
    await sees(page, '#tile-origin .sub', /budget: [\d.]+ of 40\/s/);
    await sees(page, '#tile-memory .sub', /of .*iB, [1-9]/);
    await sees(page, '#tile-l2 .sub', /^disk, of 10 GiB, [1-9]/);
    await sees(page, '#top-hits', /\/3\/search\/movie/);
    await sees(page, '#top-misses', /\/3\/movie\//);
    await sees(page, '#checks', /Origin.*ok.*Change feed/);
    await sees(page, '#upstreams', /closed/);
    await sees(page, '#percentiles', /Memory.*ms/);
    await expect.poll(() => page.locator('.plot canvas').count(), { timeout: 20_000 }).toBe(4);
    await sees(page, '[data-chart="requests"] .legend', /hit [1-9]/);
    await picture(page, 'overview-light', true);
  });

  it('is drawn anew when light turns dark', async () => {
    const page = await visit('overview', { colorScheme: 'light' });
    await expect.poll(() => page.locator('.plot canvas').count(), { timeout: 20_000 }).toBe(4);
    const ground = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    const light = await ground();
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await ground()).not.toBe(light);
    await picture(page, 'overview-dark');
  });
});

describe('entries', () => {
  it('are found, opened by the keyboard alone, and closed', async () => {
    const page = await visit('entries');
    await page.fill('#search [name=q]', '/3/movie/2?language');
    await page.keyboard.press('Enter');
    // Only what was searched for: the list of everything was there before.
    await sees(page, '#found h2', /^1 key$/);
    await page.locator('#found .key').first().focus();
    await page.keyboard.press('Enter');
    await sees(page, '#entry-body', /Why it is stored.*change feed/s);
    await sees(page, '#entry-body', /movie:2/);
    await sees(page, '#entry-body pre', /"id": 2,/);
    await sees(page, '#entry-body', /Cache-Control/);
    await picture(page, 'entry-light');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('#entry').isVisible()).toBe(false);
    expect(new URL(page.url()).hash).toBe('#entries');
  });

  it('go on with the keyboard where more of them begin, and stay where they were behind a sheet', async () => {
    await Promise.all(
      Array.from({ length: 60 }, async (_, i) =>
        (await fetch(`${proxy.url}/3/movie/${i + 1}?language=fr`)).arrayBuffer(),
      ),
    );
    const page = await visit('entries');
    await sees(page, '#found h2', /^50 of/);
    await page.getByRole('button', { name: 'More' }).focus();
    await page.keyboard.press('Enter');
    const focused = () =>
      page.evaluate<number>(`[...document.querySelectorAll('#found .key')].indexOf(document.activeElement)`);
    await expect.poll(focused).toBe(50);
    const top = () => page.evaluate<number>('scrollY');
    const before = await top();
    expect(before).toBeGreaterThan(0);
    await page.keyboard.press('Enter');
    await sees(page, '#entry-body', /Why it is stored/);
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('#entry').isVisible()).toBe(false);
    await expect.poll(() => new URL(page.url()).hash).toBe('#entries');
    expect(await top()).toBe(before);
  });

  it('that are pictures are shown', async () => {
    const movie = (await (await fetch(`${proxy.url}/3/movie/1`)).json()) as { poster_path: string };
    await (await fetch(`${proxy.url}/t/p/w342${movie.poster_path}`)).arrayBuffer();
    const page = await visit('entries');
    await page.fill('#search [name=q]', movie.poster_path);
    await page.keyboard.press('Enter');
    await sees(page, '#found h2', /^1 key$/);
    await page.locator('#found .key').first().click();
    const width = () => page.evaluate<number>(`document.querySelector('#entry-body img')?.naturalWidth ?? 0`);
    await expect.poll(width, { timeout: 10_000 }).toBeGreaterThan(0);
    await picture(page, 'entry-picture');
  });

  it('that are not there are said to be none', async () => {
    const page = await visit('entries');
    await page.fill('#search [name=q]', 'no such key <b>');
    await page.keyboard.press('Enter');
    await sees(page, '#found', /No key contains “no such key <b>”/);
    await page.goto(`${proxy.url}/dashboard#entry?key=v1%3Aapi%3A%2Fnothing`);
    await sees(page, '#entry-body', /Nothing is stored under this key/);
  });
});

describe('purging', () => {
  const asked = async (path: string) => (await fetch(proxy.url + path)).headers.get('x-cache');

  it('says how much it is, does nothing on no, and what it says on yes', async () => {
    const path = '/3/movie/7?language=en-US';
    await asked(path);
    expect(await asked(path)).toBe('HIT');
    const page = await visit('purge');
    await page.fill('#purge-form [name=tag]', 'movie:7');
    await page.check('#purge-form [value=hard]');
    await page.getByRole('button', { name: 'Purge …' }).click();
    await sees(page, '#confirm', /[1-9]\d* entr(y|ies) \([\d.]+ KiB\) (is|are) gone for good/);
    await picture(page, 'purge-confirm');
    await page.keyboard.press('Escape');
    expect(await asked(path)).toBe('HIT');
    await page.getByRole('button', { name: 'Purge …' }).click();
    await page.locator('#confirm-yes').click();
    await sees(page, '#purge-result', /^Purged: .*1 node told/);
    expect(await asked(path)).toBe('MISS');
  });

  it('soft leaves a stale answer', async () => {
    const path = '/3/movie/8?language=en-US';
    await asked(path);
    const page = await visit('purge');
    await page.check('#purge-form [value=url]');
    await page.fill('#purge-form [name=url]', path);
    await page.keyboard.press('Enter');
    await page.locator('#confirm-yes').click();
    await sees(page, '#purge-result', /^Made stale/);
    expect(await asked(path)).toBe('STALE');
  });

  it('is filled in by a link, but for how', async () => {
    const page = await visit('purge?what=tag&value=movie:7');
    expect(await page.inputValue('#purge-form [name=tag]')).toBe('movie:7');
    await page.goto(`${proxy.url}/dashboard#purge?what=how&value=hard`);
    await page.waitForFunction(`location.hash.includes('how')`);
    expect(await page.locator('#purge-form [name=how]').first().getAttribute('value')).toBe('soft');
  });

  it('says what is wrong with an address', async () => {
    const page = await visit('purge?what=url&value=nonsense');
    await page.getByRole('button', { name: 'Purge …' }).click();
    await sees(page, '#purge-result', /no address of this site/);
  });
});

describe('warming up', () => {
  it('is started, followed to its end', async () => {
    const page = await visit('warm');
    await page.fill('#warm-form textarea', '/3/movie/301\n/3/movie/302, /3/movie/303');
    await page.getByRole('button', { name: 'Start' }).click();
    await sees(page, '#warm-result', /^Job \w+ (has begun|waits)/);
    await sees(page, '#jobs', /dashboard\s*done.*3 of 3/s);
    await picture(page, 'warm-up');
  });
});

describe('a job that runs', () => {
  it('rests, goes on and ends by its buttons, which keep the focus while the page goes on', async () => {
    const page = await visit('warm');
    const urls = Array.from({ length: 2000 }, (_, i) => `/3/movie/${i + 1}?language=fr`);
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ urls, source: 'long' });
    const asked = await fetch(`${proxy.url}/cache/warm`, { method: 'POST', headers, body });
    const { id } = (await asked.json()) as { id: string };
    const row = page.locator('#jobs li', { hasText: id });
    const says = (status: RegExp) =>
      expect.poll(() => row.textContent(), { timeout: 20_000 }).toMatch(status);
    await says(/running/);
    const focused = () =>
      page.evaluate<string>(`document.activeElement.closest('#jobs') && document.activeElement.id`);
    const done = async () =>
      Number(/([\d\s]+) of 2/.exec((await row.textContent()) ?? '')?.[1]?.replace(/\s/g, ''));

    await row.getByRole('button', { name: 'cancel' }).focus();
    const before = await done();
    await expect.poll(done, { timeout: 20_000 }).toBeGreaterThan(before);
    expect(await focused()).toMatch(/^cancel-/);

    await row.getByRole('button', { name: 'pause' }).click();
    await sees(page, '#warm-result', /rests\.$/);
    await says(/paused/);
    expect(await focused()).toBe('jobs');
    await row.getByRole('button', { name: 'resume' }).click();
    await sees(page, '#warm-result', /goes on\.$/);
    await says(/running/);
    await row.getByRole('button', { name: 'cancel' }).click();
    await says(/cancelled/);
  });
});

describe('on a phone', () => {
  it.each(['light', 'dark'] as const)('every part fits, in %s', async (colorScheme) => {
    const page = await visit('overview', { ...PHONE, colorScheme });
    await expect.poll(() => page.locator('.plot canvas').count(), { timeout: 20_000 }).toBe(4);
    for (const view of ['overview', 'entries', 'purge', 'warm', 'nodes', 'tenants']) {
      await page.locator(`[data-tab=${view}]`).click();
      await expect.poll(() => page.locator(`#view-${view}`).isVisible()).toBe(true);
      await fits(page);
      await picture(page, `phone-${view}-${colorScheme}`);
    }
    await page.locator('[data-tab=entries]').click();
    await page.locator('#found .key').first().click();
    await sees(page, '#entry-body', /Why it is stored/);
    await fits(page);
    await picture(page, `phone-entry-${colorScheme}`);
  });
});

describe('on a small phone', () => {
  const SMALL = { ...PHONE, viewport: { width: 360, height: 740 } };

  it.each(['nodes', 'tenants'])('the tab of the part that was opened is in sight: %s', async (view) => {
    const page = await visit(view, SMALL);
    const box = await page.locator(`[data-tab=${view}]`).boundingBox();
    expect(box!.x).toBeGreaterThanOrEqual(0);
    expect(box!.x + box!.width).toBeLessThanOrEqual(360);
    expect((await page.locator('.brand').boundingBox())!.height).toBeLessThan(32);
    await picture(page, `small-${view}`);
  });

  it('percentiles are not cut off', async () => {
    const page = await visit('overview', SMALL);
    let busy = true;
    const load = (async () => {
      while (busy) await traffic(proxy.url, 5);
    })();
    onTestFinished(async () => {
      busy = false;
      await load;
    });
    await sees(page, '#percentiles', /origin.*ms/i);
    const [wide, room] = await page.evaluate<number[]>(
      `(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth])(document.querySelector('#percentiles .scroll'))`,
    );
    expect(wide).toBeLessThanOrEqual(room!);
    await picture(page, 'small-overview', true);
  });
});

describe('many tabs', () => {
  it('those in the background leave the others connections, and follow again when they are looked at', async () => {
    const first = await visit('overview');
    const see = (page: Page, hidden: boolean) =>
      page.evaluate(
        `Object.defineProperty(document, 'hidden', { configurable: true, value: ${hidden} });
         document.dispatchEvent(new Event('visibilitychange'));`,
      );
    await see(first, true);
    const tabs = [first];
    // A browser has six connections to a host.
    for (let i = 0; i < 6; i++) {
      const tab = await first.context().newPage();
      tabs.push(tab);
      await tab.goto(`${proxy.url}/dashboard#entries`);
      await sees(tab, '#health', /^healthy$/);
      await see(tab, true);
    }
    const again = first.waitForResponse(/dashboard\/events/);
    await see(first, false);
    expect((await again).status()).toBe(200);
    await sees(first, '#health', /^healthy$/);
  });
});

describe('by keyboard', () => {
  it('everything is reached, in order, and the content first', async () => {
    const page = await visit('overview');
    const focused = () => page.evaluate<string>('document.activeElement?.textContent?.trim()');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to content');
    for (const wanted of ['tmdb-cache-proxy', 'Overview', 'Entries', 'Purge']) {
      await page.keyboard.press('Tab');
      expect(await focused()).toBe(wanted);
    }
    await page.keyboard.press('Enter');
    await page.locator('#purge-form input[value=tag]').focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.locator('#purge-form [name=url]').isVisible()).toBe(true);
  });
});

describe('the skip link', () => {
  it('leads to the content of the view that is open', async () => {
    const page = await visit('purge');
    await page.locator('.skip').focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate<string>('document.activeElement.id')).toBe('main');
    expect(await page.locator('#view-purge').isVisible()).toBe(true);
    expect(await page.locator('#view-overview').isVisible()).toBe(false);
  });

  it('an address that names no view shows the first one', async () => {
    const page = await visit('toString');
    expect(await page.locator('#view-overview').isVisible()).toBe(true);
  });
});

describe('nodes and tenants', () => {
  it('have a face when there is little to show', async () => {
    const page = await visit('nodes');
    await sees(page, '#nodes-table', /this one.*healthy/s);
    await sees(page, '#peers', /None configured/);
    await sees(page, '#feed', /in step/);
    await sees(page, '#credentials', /Key 1.*in-use/s);
    await picture(page, 'nodes');
    await page.locator('[data-tab=tenants]').click();
    await sees(page, '#tenants-table', /No tenants/);
  });
});
