// autocannon in a process of its own, pinned as all load is: closed loop, pipelining 1.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOAD_CORE, output } from '../lib/processes.mjs';

const MAIN = new URL('./autocannon-main.mjs', import.meta.url).pathname;

/** @param {import('./wrk.mjs').Load} load @returns {Promise<import('./result.mjs').LoadResult>} */
export async function runAutocannon({ folder, ...load }) {
  const file = join(folder, 'autocannon.json'); // a list of paths may be longer than arguments may be
  writeFileSync(file, JSON.stringify(load));
  return JSON.parse(await output(LOAD_CORE, process.execPath, [MAIN, file]));
}
