// Open loop: requests have arrival times of their own, whether or not earlier ones have been answered, and latency counts
// from the intended time. autocannon's `overallRate` sends by a rate too, but waits for a free connection and afterwards adds
// made-up samples for the time it was late (hdr-histogram's correction): an estimate where this is a measurement.
import { LOAD_CORE, output } from '../lib/processes.mjs';

const MAIN = new URL('./open-loop-main.mjs', import.meta.url).pathname;

/**
 * @param {import('./wrk.mjs').Load & { rate: number }} load `rate` in requests/s; the first path only
 * @returns {Promise<import('./result.mjs').LoadResult>}
 */
export async function runOpenLoop({ url, paths, headers, connections, seconds, rate }) {
  const settings = JSON.stringify({ url, path: paths[0], headers, connections, seconds, rate });
  return JSON.parse(await output(LOAD_CORE, process.execPath, [MAIN, settings]));
}
