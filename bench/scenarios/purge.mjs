import { setTimeout as wait } from 'node:timers/promises';
import { ask } from '../lib/ask.mjs';
import { SMOKE_RATE } from '../lib/measure.mjs';
import { startTarget } from '../lib/start.mjs';
import { median, quantile } from '../lib/statistics.mjs';
import { askUntilHit, saysHit } from '../lib/verify.mjs';
import { runOpenLoop } from '../load/open-loop.mjs';
import { jsonPath } from '../origin/bodies.mjs';

const RATE = 5000;
const PAUSE_MS = 20;
const LOADED = jsonPath(10, 1);

/** @type {import('./index.mjs').Scenario} */
export const purge = {
  name: 'purge',
  targets: ['product'],
  summary: `purges of single titles under ${RATE} hits/s (open loop): what hits feel, how long a purge takes, when it holds`,
  own: async (run) => {
    const rounds = [];
    for (let round = 0; round < run.options.rounds; round += 1) rounds.push(await once(run));
    const of = (pick) => median(rounds.map(pick));
    const rows = [
      ['hits without purges', Math.round(of((r) => r.quiet.p50)), Math.round(of((r) => r.quiet.p99))],
      ['hits while titles are purged', Math.round(of((r) => r.busy.p50)), Math.round(of((r) => r.busy.p99))],
      [
        'POST /cache/purge',
        Math.round(of((r) => quantile(r.took, 0.5))),
        Math.round(of((r) => quantile(r.took, 0.99))),
      ],
      [
        'from the call until a request is a miss',
        Math.round(of((r) => quantile(r.gone, 0.5))),
        Math.round(of((r) => quantile(r.gone, 0.99))),
      ],
    ];
    const served = rounds.reduce((sum, { servedAfter }) => sum + servedAfter, 0);
    const purges = rounds.reduce((sum, { took }) => sum + took.length, 0);
    return {
      facts: { purges, hitsAfterPurge: served, p99ToQuiet: of((r) => r.busy.p99 / r.quiet.p99) },
      tables: [
        {
          title: `one purge every ${PAUSE_MS} ms under ${RATE} hits/s`,
          columns: ['what', 'p50 µs', 'p99 µs'],
          rows,
        },
      ],
      verified: { product: `${purges} purges; hits served after one had been answered: ${served}` },
    };
  },
  goals: [
    {
      text: 'a purge that has been answered holds: hits served afterwards',
      fact: 'hitsAfterPurge',
      atMost: 0,
    },
  ],
};

async function once(run) {
  const { seconds } = run.options;
  const running = await startTarget('product', run);
  try {
    await askUntilHit(running.url + LOADED);
    const load = {
      url: running.url,
      paths: [LOADED],
      headers: {},
      connections: 32,
      seconds,
      rate: run.options.smoke ? SMOKE_RATE : RATE,
      folder: running.folder,
    };
    if (!run.options.smoke) await runOpenLoop({ ...load, seconds: 1 });
    const quiet = await runOpenLoop(load);
    const going = { on: true };
    const loading = runOpenLoop(load).finally(() => {
      going.on = false;
    });
    const [busy, purges] = await Promise.all([loading, purgeOnAndOn(running.url, going)]);
    return { quiet, busy, ...purges };
  } finally {
    await running.stop();
  }
}

/** Fills a title, sees a hit, purges it, asks at once. Another title than the load's, which stays a hit. */
async function purgeOnAndOn(url, going) {
  const [took, gone] = [[], []];
  let servedAfter = 0;
  for (let n = 2; going.on; n += 1) {
    const path = jsonPath(2, n);
    await ask(url + path);
    if (saysHit((await ask(url + path)).headers) !== true)
      throw new Error(`${path} is no hit before its purge`);
    const start = performance.now();
    const body = JSON.stringify({ urls: [path] });
    const answer = await ask(`${url}/cache/purge`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    if (answer.status !== 200)
      throw new Error(`the purge was answered with ${answer.status}: ${answer.body}`);
    took.push((performance.now() - start) * 1000);
    while (saysHit((await ask(url + path)).headers) === true) servedAfter += 1;
    gone.push((performance.now() - start) * 1000);
    await wait(PAUSE_MS);
  }
  return { took, gone, servedAfter };
}
