import { runWrk } from '../load/wrk.mjs';
import { ask } from './ask.mjs';

/**
 * Asks for path after path of a template until the target's L1 holds `count` entries.
 * @param {{ url: string, folder: string }} running @param {{ template: string, first: number }} made @param {number} count
 */
export async function fillMemory(running, { template, first }, count) {
  let next = first;
  for (;;) {
    const left = count - (await memoryEntries(running.url));
    if (left <= 0) return;
    // A tenth of a second is some hundred entries: small fills must not overshoot by much.
    const seconds = left < 5000 ? 0.2 : Math.min(10, Math.max(1, Math.floor(left / 20_000)));
    const load = { url: running.url, headers: {}, connections: 32, seconds, folder: running.folder };
    const { requests, failed, bad } = await runWrk({ ...load, made: { template, first: next } });
    if (failed + bad > 0) throw new Error(`filling: ${bad} bad answers, ${failed} failed requests`);
    next += requests;
  }
}

/** @param {string} url of the product */
export async function memoryEntries(url) {
  return JSON.parse((await ask(`${url}/stats`)).body.toString()).cache.l1.entries;
}
