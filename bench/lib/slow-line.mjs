// A TCP line in a process of its own that delivers every answer late.
import { once } from 'node:events';
import { end, freePort, LOAD_CORE, launch } from './processes.mjs';

const MAIN = new URL('../load/slow-line-main.mjs', import.meta.url).pathname;

/** @param {number} target port @param {number} delayMs @returns {Promise<{ port: number, stop: () => Promise<void> }>} */
export async function startSlowLine(target, delayMs) {
  const port = await freePort();
  const settings = JSON.stringify({ port, target, delayMs });
  const child = launch(LOAD_CORE, process.execPath, [MAIN, settings], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return { port, stop: () => end(child) };
}
