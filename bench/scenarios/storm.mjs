import { Agent } from 'node:http';
import { ask } from '../lib/ask.mjs';
import { orderOf } from '../lib/order.mjs';
import { startable, startTarget } from '../lib/start.mjs';
import { median } from '../lib/statistics.mjs';
import { faultOf } from '../lib/verify.mjs';
import { jsonPath } from '../origin/bodies.mjs';

const TARGETS = ['product', 'product-letter', 'nginx', 'varnish', 'haproxy'];
const CLIENTS = 500;
/** The origin takes its time, so that all clients are there before it answers. */
const ORIGIN_MS = 200;

/** @type {import('./index.mjs').Scenario} */
export const storm = {
  name: 'storm',
  targets: TARGETS,
  summary: `${CLIENTS} clients at once for one cold key: how often the origin is asked`,
  own: async (run) => {
    const rows = [];
    const facts = {};
    const names = run.options.smoke ? ['product'] : TARGETS;
    const found = new Map(startable(names, run.options).map((name) => [name, []]));
    for (let round = 0; round < run.options.rounds; round += 1)
      for (const name of orderOf([...found.keys()], round)) found.get(name).push(await once(name, run));
    for (const [name, rounds] of found) {
      const most = Math.max(...rounds.map(({ asked }) => asked));
      if (name === 'product') facts.originRequests = most;
      rows.push([
        name,
        most,
        Math.round(median(rounds.map(({ firstMs }) => firstMs))),
        Math.round(median(rounds.map(({ lastMs }) => lastMs))),
      ]);
    }
    const columns = [
      'target',
      'origin requests (most of all rounds)',
      'first answer after ms',
      'last answer after ms',
    ];
    return {
      facts,
      tables: [
        {
          title: `${CLIENTS} clients, one cold key, the origin answers after ${ORIGIN_MS} ms`,
          columns,
          rows,
        },
      ],
      verified: { all: `sha256 of all ${CLIENTS} bodies right` },
    };
  },
  goals: [{ text: '500 clients for one cold key: one origin request', fact: 'originRequests', atMost: 1 }],
};

async function once(name, run) {
  const running = await startTarget(name, run);
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  try {
    // Compiles what serves a miss; a first request is slow everywhere.
    await ask(running.url + jsonPath(10, 1));
    await run.origin.set({ delayMs: ORIGIN_MS });
    const before = await run.origin.count();
    const start = performance.now();
    const path = jsonPath(10, 2);
    const times = await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        const answer = await ask(running.url + path, { agent });
        const fault = faultOf(answer, path, {});
        if (fault !== undefined) throw new Error(`${name}: ${fault}`);
        return performance.now() - start;
      }),
    );
    return {
      asked: (await run.origin.count()) - before,
      firstMs: Math.min(...times),
      lastMs: Math.max(...times),
    };
  } finally {
    agent.destroy();
    await run.origin.set({});
    await running.stop();
  }
}
