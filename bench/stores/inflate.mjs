// Decoding a small gzip body where it is, and off the event loop. Run: node bench/stores/inflate.mjs
import { promisify } from 'node:util';
import { gunzip, gunzipSync, gzipSync } from 'node:zlib';
import { bodyOf, jsonPath } from '../origin/bodies.mjs';
import { print } from './common.mjs';

const off = promisify(gunzip);
const RUNS = 2000;

/** CPU µs a call, of all threads; median of five rounds. */
async function cpuMicros(task) {
  const rounds = [];
  for (let round = 0; round < 6; round += 1) {
    const before = process.cpuUsage();
    for (let i = 0; i < RUNS; i += 1) await task();
    const { user, system } = process.cpuUsage(before);
    if (round > 0) rounds.push((user + system) / RUNS);
  }
  return rounds.sort((a, b) => a - b)[2].toFixed(1);
}

const rows = [];
for (const kB of [2, 10, 30]) {
  const body = bodyOf(jsonPath(kB, 1));
  const zipped = gzipSync(body);
  rows.push({
    'JSON bytes': body.length,
    'gzip bytes': zipped.length,
    'here, CPU µs': await cpuMicros(() => gunzipSync(zipped)),
    'off the event loop, CPU µs': await cpuMicros(() => off(zipped)),
  });
}
print(rows);
