// What a hit pays for being counted and logged: CPU ns a call of what the fast path tells, one million hits for each line.
// `none`: no line at all (LOG_HITS=0); `default`: 100 lines of each second; `all`: a line for every hit, into a file of none.
// Run: npm run build && node bench/stores/account.mjs
import { openSync, writeSync } from 'node:fs';
import { systemClock } from '../../dist/clock.js';
import { HitLog } from '../../dist/observe/hit-log.js';
import { createLogger } from '../../dist/observe/log.js';
import { RequestCounters } from '../../dist/observe/metrics-requests.js';
import { accessLog } from '../../dist/server/access-log.js';
import { quantile } from '../lib/statistics.mjs';
import { print } from './common.mjs';

const CALLS = { none: 1_000_000, default: 1_000_000, all: 20_000 };
const LINES = { none: 0, default: 100, all: Number.MAX_SAFE_INTEGER };
const ROUNDS = 7;

const nowhere = openSync('/dev/null', 'w');
const destination = { write: (line) => void writeSync(nowhere, line) };
const log = createLogger({ level: 'info', serverId: 'bench', secrets: ['a-secret-key'], destination });
const outcome = {
  result: 'hit',
  served: 'memory',
  class: 'detail',
  route: '/3/movie/{id}',
  key: 'v1:api:/3/movie/1',
  ttl: 600,
};
const record = {
  method: 'GET',
  path: '/3/movie/1?language=de',
  status: 200,
  bytes: 10_000,
  ms: 0.1,
  outcome,
  requestId: '7e0e2f0c-0000-4000-8000-000000000000',
  client: '127.0.0.1',
  aborted: false,
};
const describe = () => record;

const found = new Map(Object.keys(CALLS).map((name) => [name, []]));
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const [name, ns] of found) {
    const access = accessLog({ counters: new RequestCounters() }, log, new HitLog(systemClock, LINES[name]));
    const start = process.cpuUsage();
    for (let i = 0; i < CALLS[name]; i += 1) access.hit(outcome, 200, 0.1, describe, 10_000);
    const { user, system } = process.cpuUsage(start);
    if (round > 0) ns.push(((user + system) * 1000) / CALLS[name]); // the first round warms up
  }
}
print(
  [...found].map(([name, ns]) => ({
    'access lines of hits': name,
    'CPU ns a hit': quantile(ns, 0.5).toFixed(0),
  })),
);
