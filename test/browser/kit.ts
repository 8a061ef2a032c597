import { mkdirSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

/** Pictures of a run, for people to look at; not under version control. */
const PICTURES = 'artifacts/browser';

export const DESKTOP = { viewport: { width: 1360, height: 900 } } as const;
export const PHONE = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
} as const;

/** This machine by a name that browsers do not trust as they trust localhost: plain http from elsewhere is like that. */
export const ELSEWHERE = 'proxy.test';

export function openBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM;
  if (executablePath === undefined) throw new Error('start these tests with npm run test:browser');
  // Containers run as root, where its own sandbox does not work.
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', `--host-resolver-rules=MAP ${ELSEWHERE} 127.0.0.1`],
  });
}

/** A page, and what went wrong in it or was asked of others: both must stay empty. */
export interface Watchful {
  readonly page: Page;
  readonly faults: string[];
}

/** A page that notes errors, dialogs, broken policies and requests to anybody but `home`. */
export async function openPage(
  browser: Browser,
  home: string,
  options: BrowserContextOptions = DESKTOP,
): Promise<Watchful> {
  const context = await browser.newContext({
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
    ...options,
  });
  const page = await context.newPage();
  // Below a test's own bound: what is missing is then named.
  page.setDefaultTimeout(15_000);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    const text = message.text();
    if (/Content Security Policy|TrustedHTML|Refused to/i.test(text)) faults.push(`policy: ${text}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(home)) faults.push(`asked ${request.url()}`);
  });
  return { page, faults };
}

export async function picture(page: Page, name: string, fullPage = false): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage });
}

/** The text of the first match, once it is as wanted. */
export async function sees(page: Page, selector: string, wanted: RegExp): Promise<void> {
  const text = async () => (await page.locator(selector).first().textContent()) ?? '';
  await expect.poll(text, { timeout: 20_000 }).toMatch(wanted);
}

/** Nothing is wider than the screen: nobody scrolls sideways. */
export async function fits(page: Page): Promise<void> {
  const [wide, screen] = await page.evaluate<number[]>('[document.documentElement.scrollWidth, innerWidth]');
  expect(wide).toBeLessThanOrEqual(screen!);
}

/** Some traffic: titles in order of their popularity, pictures, a search, something personal. */
export async function traffic(url: string, rounds: number): Promise<void> {
  for (let i = 0; i < rounds; i++) {
    const title = 1 + Math.floor(20 ** ((i % 17) / 17));
    const paths = [
      `/3/movie/${title}?language=en-US`,
      `/3/movie/${1 + (i % 40)}/credits`,
      `/3/search/movie?query=${'abc'[i % 3]}`,
      `/3/account/1?session_id=s${i}`,
    ];
    await Promise.all(paths.map(async (path) => (await fetch(url + path)).arrayBuffer()));
  }
}
