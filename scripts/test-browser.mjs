// `npm run test:browser`: finds a Chromium and runs test/browser with it. On Debian as root it installs the package; else it says what to install.
import { spawnSync } from 'node:child_process';
import { chromiumHere } from './chromium.mjs';

/** Only where it may be: Debian or one of its kin, as root. */
const install = () => {
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) return;
  console.log('no Chromium found: installing the package chromium');
  const options = {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  spawnSync('apt-get', ['update', '-qq'], options);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], options);
};

let chromium = chromiumHere();
if (chromium === undefined) {
  install();
  chromium = chromiumHere();
}
if (chromium === undefined) {
  console.error(
    'These tests need Chromium: install it (Debian: apt-get install chromium; macOS: brew install --cask chromium), or name one with CHROMIUM=/path/to/it.',
  );
  process.exit(1);
}
const vitest = [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--config',
  'vitest.browser.config.ts',
  ...process.argv.slice(2),
];
const { status } = spawnSync(process.execPath, vitest, {
  stdio: 'inherit',
  env: { ...process.env, CHROMIUM: chromium },
});
process.exit(status ?? 1);
