import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpuMicrosOfTree } from '../lib/cpu.mjs';
import { orderOf } from '../lib/order.mjs';
import { removeFolder, temporaryFolder } from '../lib/processes.mjs';
import { sharesOf } from '../lib/profile.mjs';
import { startCluster } from '../lib/redis.mjs';
import { startTarget } from '../lib/start.mjs';
import { askUntilHit } from '../lib/verify.mjs';
import { runWrk } from '../load/wrk.mjs';
import { jsonPath } from '../origin/bodies.mjs';

const MANY = Array.from({ length: 256 }, (_, n) => jsonPath(10, n + 1));
const NOT_IN_L1 = { MEMORY_CACHE_BYTES: '0' };
const made = (first) => ({ template: '/3/movie/%d', first: jsonNumber + first });
const jsonNumber = Number(jsonPath(10, 0).split('/').at(-1));

/** What is profiled: 10 kB JSON at 64 connections, by way of each path through the product. */
const WAYS = [
  { name: 'a hit in L1', load: () => ({ paths: [jsonPath(10, 1)] }) },
  { name: 'a hit in L2, disk', env: NOT_IN_L1, load: () => ({ paths: MANY }) },
  { name: 'a hit in L2, Redis Cluster', env: NOT_IN_L1, redis: true, load: () => ({ paths: MANY }) },
  { name: 'a miss', load: (part) => ({ made: made(1000 + part * 2_000_000) }) },
];

/** @type {import('./index.mjs').Scenario} */
export const profile = {
  name: 'profile',
  targets: ['product'],
  summary: 'where the CPU time of a request goes, beside an earlier build (--before <folder>)',
  own: async (run) => {
    const { options } = run;
    const builds = [
      ...(options.before === undefined ? [] : [['before', `product@${options.before}`]]),
      ['now', 'product'],
    ];
    const tables = [];
    for (const way of options.smoke ? WAYS.slice(0, 1) : WAYS) {
      const found = new Map(builds.map(([name]) => [name, []]));
      for (let round = 0; round < options.rounds; round += 1)
        for (const [name, target] of orderOf(builds, round))
          found.get(name).push(await profiled(target, way, run));
      tables.push(
        tableOf(
          way.name,
          [...found].map(([name, rounds]) => [name, middleOf(rounds)]),
        ),
      );
    }
    return { facts: {}, tables };
  },
};

/** One build on one way: CPU µs/request, and where they went. */
async function profiled(target, { env = {}, redis = false, load }, run) {
  const { seconds } = run.options;
  const profiles = temporaryFolder();
  const cluster = redis ? await startCluster() : undefined;
  const settings = cluster ? { USE_REDIS: 'true', REDIS_CLUSTER_NODES: cluster.seeds } : {};
  const started = performance.now();
  const running = await startTarget(target, run, {
    env: { ...env, ...settings },
    nodeFlags: ['--cpu-prof', `--cpu-prof-dir=${profiles}`],
  });
  const drive = (part, forSeconds) =>
    runWrk({
      url: running.url,
      headers: {},
      connections: 64,
      seconds: forSeconds,
      folder: running.folder,
      ...load(part),
    });
  let micros;
  let from;
  let stopped = false;
  try {
    for (const path of load(0).paths ?? []) await askUntilHit(running.url + path);
    await drive(0, run.options.smoke ? 0.3 : Math.max(3, seconds));
    from = performance.now() - started;
    const before = cpuMicrosOfTree(running.pid);
    const { requests, bad, failed } = await drive(1, seconds);
    if (bad + failed > 0) throw new Error(`${target}: ${bad} bad answers, ${failed} failed requests`);
    micros = (cpuMicrosOfTree(running.pid) - before) / requests;
    const to = performance.now() - started;
    await running.stop();
    stopped = true;
    const [file] = readdirSync(profiles);
    const shares = sharesOf(JSON.parse(readFileSync(join(profiles, file), 'utf8')), from * 1000, to * 1000);
    return { micros, ...shares };
  } finally {
    if (!stopped) await running.stop();
    await cluster?.stop();
    removeFolder(profiles);
  }
}

/** The round whose requests cost the median. */
function middleOf(rounds) {
  const byCost = [...rounds].sort((a, b) => a.micros - b.micros);
  return byCost[byCost.length >> 1];
}

function tableOf(name, found) {
  const percent = (share) => `${(share * 100).toFixed(0)} %`;
  const areas = Object.keys(found[0][1].areas).filter((area) =>
    found.some(([, { areas }]) => areas[area] >= 0.01),
  );
  const heaviest = found.at(-1)[1].heaviest;
  return {
    title: `Where the time of ${name} goes`,
    columns: ['part', ...found.map(([build]) => build)],
    rows: [
      ['CPU µs/request, profiler on', ...found.map(([, { micros }]) => Math.round(micros))],
      ...areas.map((area) => [area, ...found.map(([, { areas }]) => percent(areas[area]))]),
      ...heaviest.map(([own, share]) => [
        `of our own: ${own}`,
        ...found.map((_, i) => (i === found.length - 1 ? percent(share) : '')),
      ]),
    ],
  };
}
