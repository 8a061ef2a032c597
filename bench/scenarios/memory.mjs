import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { residentBytes } from '../lib/cpu.mjs';
import { output, SERVER_CORE } from '../lib/processes.mjs';
import { startTarget } from '../lib/start.mjs';
import { median } from '../lib/statistics.mjs';

const PROBE = new URL('../load/memory-probe.mjs', import.meta.url).pathname;
const MB = 1_000_000;

/** @type {import('./index.mjs').Scenario} */
export const memory = {
  name: 'memory',
  targets: ['product'],
  summary:
    'bytes an entry costs beyond its text and body, pauses with a million entries, idle memory, start time',
  own: async (run) => {
    const { options } = run;
    const count = options.smoke ? 2000 : options.quick ? 100_000 : 1_000_000;
    const settings = JSON.stringify({ dist: options.dist, count, bodyBytes: 2000 });
    const probe = JSON.parse(
      await output(SERVER_CORE, process.execPath, [
        '--expose-gc',
        '--max-old-space-size=8192',
        PROBE,
        settings,
      ]),
    );
    const one = [];
    const two = [];
    for (let round = 0; round < options.rounds; round += 1) {
      one.push(await idle(run, '1'));
      two.push(await idle(run, '2'));
    }
    const worker = median(two.flatMap(({ workers }) => workers)) / MB;
    const alone = median(one.map(({ main }) => main)) / MB;
    const starts = one.map(({ startMs }) => startMs);
    const rows = [
      [
        'overhead of an entry beyond key, headers and body (heap and external after gc; 6 of 15 fields its own), bytes',
        probe.overhead,
      ],
      ['the same of one decoded from L2 a moment ago', probe.overheadDecoded],
      ['what the store charges for the first, bytes', probe.charged],
      [
        `longest delay of the event loop while ${count} entries of 2 kB are stored in L1, ms`,
        probe.longestDelayMs,
      ],
      ['longest collection of garbage meanwhile, ms', probe.longestCollectionMs],
      ['idle, WORKERS=1: resident MB of the one process', Math.round(alone)],
      ['idle, WORKERS=2: resident MB of a worker', Math.round(worker)],
      ['idle, WORKERS=2: resident MB of the core', Math.round(median(two.map(({ main }) => main)) / MB)],
      ['start until /readyz answers 200, WORKERS=1, ms', Math.round(median(starts))],
    ];
    return {
      facts: {
        overhead: probe.overhead,
        longestPauseMs:
          options.smoke || options.quick
            ? Number.NaN
            : Math.max(probe.longestDelayMs, probe.longestTurnMs, probe.longestCollectionMs),
        idleWorkerMB: worker,
        startMs: median(starts),
      },
      tables: [{ title: 'Memory and start', columns: ['what', 'measured'], rows }],
      verified: { product: `${probe.entries} entries of ${count} were in the store at the end` },
    };
  },
  goals: [
    {
      text: '≤ 700 bytes overhead for each entry beyond key, headers and body',
      fact: 'overhead',
      atMost: 700,
    },
    {
      text: '1 million 2 kB entries in one store (L1, in-process) without pauses over 50 ms',
      fact: 'longestPauseMs',
      atMost: 50,
    },
    { text: 'idle RSS ≤ 90 MB a worker', fact: 'idleWorkerMB', atMost: 90 },
    { text: 'start ≤ 400 ms (spawn to /readyz 200, WORKERS=1)', fact: 'startMs', atMost: 400 },
  ],
};

/** @returns {Promise<{ startMs: number, main: number, workers: number[] }>} bytes */
async function idle(run, workers) {
  const start = performance.now();
  const running = await startTarget('product', run, { env: { WORKERS: workers } });
  const startMs = performance.now() - start;
  try {
    await wait(run.options.smoke ? 50 : 3000);
    return { startMs, main: residentBytes(running.pid), workers: childrenOf(running.pid).map(residentBytes) };
  } finally {
    await running.stop();
  }
}

function childrenOf(pid) {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')
      .split(' ')
      .filter((text) => text !== '')
      .map(Number),
  );
}
