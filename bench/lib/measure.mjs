// One variant of a scenario: its targets in turn, round after round, each started anew, warmed, verified, loaded, verified.
import { runAutocannon } from '../load/autocannon.mjs';
import { runOpenLoop } from '../load/open-loop.mjs';
import { runWrk } from '../load/wrk.mjs';
import { cpuMicrosOfTree } from './cpu.mjs';
import { orderOf } from './order.mjs';
import { freePort, removeFolder, temporaryFolder } from './processes.mjs';
import { askUntilHit, verifyHits } from './verify.mjs';

const LOADS = { wrk: runWrk, autocannon: runAutocannon, 'open-loop': runOpenLoop };
/** Load before the counted one: caches are cold, and Node compiles what it runs often. */
const WARM_SECONDS = { native: 1, node: 2 };
/** Made-up paths of the load before are these numbers further on. */
const WARM_OFFSET = 5_000_000;
const WARMED_AT_ONCE = 16;
/** Of an open loop, requests/s: nothing is to be learnt from a machine that can't keep up. */
export const SMOKE_RATE = 300;
export const SMOKE_PATHS = 16;

/**
 * @typedef {object} Variant
 * @property {string} name
 * @property {string} title
 * @property {readonly string[]} targets names
 * @property {readonly string[]} paths samples: warmed, loaded and verified
 * @property {(round: number) => { template: string, first: number, below?: number }} [made] load asks for these instead
 * @property {(round: number, options: import('./arguments.mjs').Options) => readonly string[]} [list] or for these, in order
 * @property {Record<string, string>} [headers]
 * @property {readonly Record<string, string>[]} [clients] their fields come behind `headers`, each request another's in turn; closed loops only
 * @property {number} connections
 * @property {'wrk' | 'autocannon' | 'open-loop'} load
 * @property {number} [rate] requests/s, open loop
 * @property {{ status?: number, coding?: 'gzip' | 'identity' }} [expect]
 * @property {Record<string, string>} [env] of the product
 * @property {{ gzip?: boolean, delayMs?: number }} [origin]
 * @property {Record<string, string>} [warmHeaders] of the requests that fill the cache, where they differ
 * @property {string} [reference] target that the others are compared with
 * @property {false | 'all' | readonly string[]} [smoke] a smoke run leaves it out, since it differs from another in numbers only;
 *   takes all targets; or takes these besides the product and the reference
 * @property {readonly string[]} [nodeFlags] of the product
 * @property {(running: import('../targets/index.mjs').Running, context: Context) => Promise<void>} [prepare]
 * @property {(running: import('../targets/index.mjs').Running, context: Context) => Promise<string>} [verify]
 * @property {(running: import('../targets/index.mjs').Running, context: Context) => Promise<Record<string, number>>} [extra]
 *   further numbers, read before and after the load; the result holds the differences
 * @property {(options: import('./arguments.mjs').Options) => Promise<{ name: string, sample: Partial<Sample> }>} [beside]
 *   measured at the end of every round, and kept like a target of that name
 *
 * @typedef {object} Context
 * @property {import('./origin.mjs').Origin} origin
 * @property {import('./arguments.mjs').Options} options
 * @property {Variant} variant
 * @property {number} round from 0
 * @property {string} folder the target's, gone afterwards
 * @property {(() => Promise<void>)[]} endings called before the target is stopped
 *
 * @typedef {object} Sample one target in one round
 * @property {number} requests
 * @property {number} rate requests/s
 * @property {number} cpu µs of the server for one request
 * @property {number} perCpu requests for each second of the server's CPU: what a core could do if the load were not the limit
 * @property {number} busy share of its core that the server used
 * @property {number} p50 µs
 * @property {number} p99 µs
 * @property {number} p999 µs
 */

/**
 * @param {Variant} variant @param {readonly import('../targets/index.mjs').Target[]} targets
 * @param {import('./origin.mjs').Origin} origin @param {import('./arguments.mjs').Options} options
 * @returns {Promise<{ tool: string, rounds: Record<string, Sample[]>, verified: Record<string, string> }>}
 */
export async function measureVariant(variant, targets, origin, options) {
  await origin.set(variant.origin ?? {});
  const shown = options.smoke ? fewOf(variant) : variant;
  const rounds = Object.fromEntries(targets.map(({ name }) => [name, []]));
  const verified = {};
  let tool = '';
  for (let round = 0; round < options.rounds; round += 1) {
    for (const target of orderOf(targets, round)) {
      const once = await measureOnce({ variant: shown, target, origin, options, round });
      rounds[target.name].push(once.sample);
      verified[target.name] = once.verified;
      tool = once.tool;
      console.error(
        `  ${variant.name} ${round + 1}/${options.rounds} ${target.name}: ${describe(once.sample)}`,
      );
    }
    const beside = await variant.beside?.(options);
    if (beside !== undefined) rounds[beside.name] = [...(rounds[beside.name] ?? []), beside.sample];
  }
  return { tool, rounds, verified };
}

async function measureOnce({ variant, target, origin, options, round }) {
  const folder = temporaryFolder();
  const { paths, headers = {}, env = {} } = variant;
  const site = { folder, port: await freePort(), originPort: origin.port, paths, env, options };
  const running = await target.start({ ...site, nodeFlags: variant.nodeFlags });
  const context = { origin, options, variant, folder, round, endings: [] };
  try {
    await (variant.prepare ?? warm)(running, context);
    const verify = variant.verify ?? verifyAll;
    await verify(running, context);
    const load = {
      url: running.url,
      paths,
      headers,
      clients: variant.clients,
      connections: variant.connections,
      rate: options.smoke ? SMOKE_RATE : variant.rate,
      folder,
    };
    load.made = variant.made?.(round);
    if (variant.list !== undefined) load.paths = variant.list(round, options);
    const run = LOADS[variant.load];
    if (!options.smoke) await run({ ...load, ...ahead(variant, target, round, options) });
    const extra = await variant.extra?.(running, context);
    const cpu = cpuMicrosOfTree(running.pid);
    const result = await run({ ...load, seconds: options.seconds });
    const sample = sampleOf(result, cpuMicrosOfTree(running.pid) - cpu);
    Object.assign(sample, differences(extra, await variant.extra?.(running, context)));
    // 0.3 s may be too short for an answer of 30 MB.
    if (result.requests === 0 && !options.smoke)
      throw new Error(`${target.name} answered nothing under load`);
    if (result.bad + result.failed > 0)
      throw new Error(`${target.name}: ${result.bad} bad answers, ${result.failed} failed requests`);
    return { sample, tool: result.tool, verified: await verify(running, context) };
  } finally {
    for (const ending of context.endings) await ending();
    await running.stop();
    removeFolder(folder);
  }
}

/** Reading many would take wrk longer than the load of a smoke run lasts. */
function fewOf({ paths, clients, ...variant }) {
  return { ...variant, paths: paths.slice(0, SMOKE_PATHS), clients: clients?.slice(0, SMOKE_PATHS) };
}

/** The load before the counted one: the same, but paths that are to be misses are others. */
function ahead(variant, { debian }, round, options) {
  const made = variant.made?.(round);
  return {
    seconds: WARM_SECONDS[debian === undefined ? 'node' : 'native'],
    ...(made && { made: made.below ? made : { ...made, first: made.first + WARM_OFFSET } }),
    ...(variant.list && {
      paths: variant.list(round, { ...options, seconds: WARM_SECONDS.node }, WARM_OFFSET),
    }),
  };
}

/** @param {import('../load/result.mjs').LoadResult} result @param {number} cpuMicros @returns {Sample} */
export function sampleOf({ requests, micros, p50, p99, p999 }, cpuMicros) {
  return {
    requests,
    rate: Math.round((requests / micros) * 1e6),
    cpu: round2(cpuMicros / requests),
    perCpu: Math.round((requests / Math.max(cpuMicros, 1)) * 1e6),
    busy: round2(cpuMicros / micros),
    p50: Math.round(p50),
    p99: Math.round(p99),
    p999: Math.round(p999),
  };
}

const round2 = (value) => Math.round(value * 100) / 100;

function differences(before = {}, after = {}) {
  return Object.fromEntries(
    Object.keys(after).map((name) => [name, round2(after[name] - (before[name] ?? 0))]),
  );
}

/** Until each is a hit. */
export async function warm(running, { variant }) {
  const headersOf = headersFor({ ...variant, headers: variant.warmHeaders ?? variant.headers });
  for (let at = 0; at < variant.paths.length; at += WARMED_AT_ONCE) {
    const some = variant.paths.slice(at, at + WARMED_AT_ONCE);
    await Promise.all(some.map((path, n) => askUntilHit(running.url + path, headersOf(at + n))));
  }
}

function verifyAll(running, { variant, origin }) {
  return verifyHits(running, variant.paths, headersFor(variant), variant.expect ?? {}, origin.count);
}

/** Fields of the nth request. @param {Pick<Variant, 'headers' | 'clients'>} variant */
function headersFor({ headers = {}, clients = [{}] }) {
  return (n) => ({ ...headers, ...clients[n % clients.length] });
}

function describe({ rate, cpu, busy, p50, p99 }) {
  return `${rate}/s, ${cpu} µs CPU, core ${Math.round(busy * 100)} %, p50 ${p50} p99 ${p99} µs`;
}
