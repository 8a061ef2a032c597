// autocannon in a process of its own, pinned as all load is: closed loop, pipelining 1.
import { LOAD_CORE, output } from '../lib/processes.mjs';

const MAIN = new URL('./autocannon-main.mjs', import.meta.url).pathname;

/** @param {import('./wrk.mjs').Load} load @returns {Promise<import('./result.mjs').LoadResult>} */
export async function runAutocannon({ url, paths, made, headers, connections, seconds }) {
  const settings = JSON.stringify({ url, paths, made, headers, connections, seconds });
  return JSON.parse(await output(LOAD_CORE, process.execPath, [MAIN, settings]));
}
