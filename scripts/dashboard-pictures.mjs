// Takes the pictures of docs/images: the dashboard of a demo under two minutes of traffic. Needs a build, and Chromium on the PATH or as CHROMIUM.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { chromiumHere } from './chromium.mjs';

const PORT = 6699;
const SECONDS = 150;
const url = `http://127.0.0.1:${PORT}`;

const executablePath = chromiumHere();
if (executablePath === undefined) stop('no Chromium: install one, or name it with CHROMIUM=/path/to/it');

const demo = spawn(process.execPath, ['dist/main.js', 'demo'], {
  env: {
    ...process.env,
    PORT: String(PORT),
    HOST: '127.0.0.1',
    WORKERS: '2',
    SERVER_ID: 'living-room',
    REGION: 'eu',
  },
  stdio: 'ignore',
});
process.on('exit', () => demo.kill());
demo.once('exit', (status) => stop(`the demo has ended with ${status}`));
const until = Date.now() + SECONDS * 1000;
while (
  !(await fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  ))
)
  await pause(100);

const client = async () => {
  while (Date.now() < until) {
    await fetch(url + path()).then(
      (response) => response.arrayBuffer(),
      () => {},
    );
    await pause(Math.random() * 150 * (1.2 + Math.sin(Date.now() / 15_000)));
  }
};
const clients = Array.from({ length: 12 }, client);
// Somebody has to watch, or there are no curves.
const watching = await fetch(`${url}/dashboard/events`);
const reader = watching.body.getReader();
void (async () => {
  while (!(await reader.read()).done);
})();
await pause(SECONDS * 1000 - 12_000);

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
mkdirSync('docs/images', { recursive: true });
for (const [name, options] of [
  ['dashboard-light', { viewport: { width: 1280, height: 880 }, colorScheme: 'light' }],
  [
    'dashboard-phone-dark',
    { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1.5, isMobile: true, colorScheme: 'dark' },
  ],
]) {
  const page = await browser.newPage({ ...options, reducedMotion: 'reduce' });
  await page.goto(`${url}/dashboard`);
  await page.waitForSelector('.plot canvas');
  await pause(2500);
  await page.screenshot({ path: `docs/images/${name}.png` });
}
await browser.close();
await reader.cancel();
await Promise.all(clients);
process.exit();

/** What people ask for: few titles often, many seldom. */
function path() {
  const dice = Math.random();
  const title = (of) => 1 + Math.floor(of ** Math.random());
  if (dice < 0.6) return `/3/movie/${title(500)}?language=en-US`;
  if (dice < 0.8) return `/3/tv/${title(250)}?language=de-DE&append_to_response=credits`;
  if (dice < 0.94) return `/3/search/movie?query=${'abcdefghijklmnopqrst'[title(20) - 1]}`;
  return `/3/account/${title(9)}?session_id=demo`;
}

function stop(why) {
  console.error(`dashboard-pictures: ${why}`);
  process.exit(1);
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
