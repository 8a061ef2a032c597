// wrk: closed loop, one thread. It is near its own limit above some 95 000 requests/s: trust CPU per request there.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientsText } from '../lib/clients.mjs';
import { LOAD_CORE, output } from '../lib/processes.mjs';
import { runAutocannon } from './autocannon.mjs';

/** What the script prints when it is done; times in µs. */
const DONE = `
done = function(summary, latency)
  io.write(string.format('BENCH {"requests":%d,"micros":%d,"bad":%d,"failed":%d,"p50":%d,"p99":%d,"p999":%d}\\n',
    summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
`;

/** @returns {string | undefined} version */
export function wrkVersion() {
  const { error, stdout, stderr } = spawnSync('wrk', ['-v'], { encoding: 'utf8' });
  return error ? undefined : /wrk\s+(\S+)/.exec(`${stdout}${stderr}`)?.[1];
}

/** Lua that asks for `paths` in order and begins again. @param {readonly string[]} paths @param {string} listFile */
export function listScript(paths, listFile) {
  writeFileSync(listFile, `${paths.join('\n')}\n`);
  return `
local requests, n = {}, 0
init = function()
  for line in io.lines(${JSON.stringify(listFile)}) do requests[#requests + 1] = wrk.format('GET', line) end
end
request = function()
  n = n % #requests + 1
  return requests[n]
end`;
}

/**
 * The same, and each request has the fields of the next client besides. Both are printed beforehand and only joined: 10 000 clients
 * must not be dearer for wrk than one.
 * @param {readonly string[]} paths @param {readonly Record<string, string>[]} clients @param {string} folder
 */
export function clientsScript(paths, clients, folder) {
  const [pathsFile, clientsFile] = [join(folder, 'paths.txt'), join(folder, 'clients.txt')];
  writeFileSync(pathsFile, `${paths.join('\n')}\n`);
  writeFileSync(clientsFile, clientsText(clients));
  return `
local heads, tails, n = {}, {}, -1
init = function()
  local whole = wrk.format('GET', '@PATH@')
  local from, to = string.find(whole, '@PATH@', 1, true)
  local before, after = string.sub(whole, 1, from - 1), string.sub(whole, to + 1, -3)
  for line in io.lines(${JSON.stringify(pathsFile)}) do heads[#heads + 1] = before .. line end
  local fields = ''
  for line in io.lines(${JSON.stringify(clientsFile)}) do
    fields = fields .. line .. '\\r\\n'
    if line == '' then
      tails[#tails + 1] = after .. fields
      fields = ''
    end
  end
end
request = function()
  n = n + 1
  return heads[n % ${paths.length} + 1] .. tails[n % ${clients.length} + 1]
end`;
}

/**
 * Lua that makes paths up: `template` has one %d, which counts from `first` on, or is random below `below`.
 * @param {{ template: string, first: number, below?: number }} made
 */
export function madeScript({ template, first, below }) {
  const next = below === undefined ? 'n = n + 1' : `n = ${first} + math.random(0, ${below - 1})`;
  return `
local n = ${first - 1}
local head, tail
init = function()
  math.randomseed(${first + 7})
  local whole = wrk.format('GET', '@PATH@')
  local from, to = string.find(whole, '@PATH@', 1, true)
  head, tail = string.sub(whole, 1, from - 1), string.sub(whole, to + 1)
end
request = function()
  ${next}
  return head .. string.format(${JSON.stringify(template)}, n) .. tail
end`;
}

/**
 * @typedef {object} Load
 * @property {string} url
 * @property {readonly string[]} [paths] asked for in turn
 * @property {{ template: string, first: number, below?: number }} [made] instead of `paths`
 * @property {Record<string, string>} headers
 * @property {readonly Record<string, string>[]} [clients] whose fields come behind `headers`, each request another's in turn; with `paths`
 * @property {number} connections
 * @property {number} seconds wrk counts whole ones; of less it is interrupted, and prints what it has
 * @property {string} folder for the script
 */

/** Without wrk autocannon does the work, and the result says so. @param {Load} load @returns {Promise<import('./result.mjs').LoadResult>} */
export async function runWrk(load) {
  hasWrk ??= wrkVersion() !== undefined;
  return hasWrk ? runWithWrk(load) : runAutocannon(load);
}

let hasWrk;

function scriptOf({ paths, made, clients, folder }) {
  if (made) return madeScript(made);
  if (clients) return clientsScript(paths, clients, folder);
  return paths.length > 1 ? listScript(paths, join(folder, 'paths.txt')) : '';
}

async function runWithWrk({ url, paths, made, headers, clients, connections, seconds, folder }) {
  const fields = Object.entries(headers).map(
    ([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`,
  );
  const many = scriptOf({ paths, made, clients, folder });
  const script = join(folder, 'load.lua');
  writeFileSync(script, `${fields.join('\n')}\n${many}\n${DONE}`);
  const target = made || paths.length > 1 ? `${url}/` : url + paths[0];
  const args = [
    '-t1',
    `-c${connections}`,
    `-d${Math.ceil(seconds)}s`,
    '--timeout',
    '10s',
    '-s',
    script,
    target,
  ];
  const whole = Number.isInteger(seconds);
  const text = await output(LOAD_CORE, 'wrk', args, whole ? {} : { interruptAfterMs: seconds * 1000 });
  const line = /^BENCH (\{.*\})$/m.exec(text)?.[1];
  if (line === undefined) throw new Error(`wrk printed no result:\n${text}`);
  return { tool: 'wrk', ...JSON.parse(line) };
}
