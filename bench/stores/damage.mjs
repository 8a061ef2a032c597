// What random damage to the index does to a start and to use after it. Run: npm run build && node bench/stores/damage.mjs
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock as clock } from '../../dist/clock.js';
import { openDiskStore } from '../../dist/tiers/disk.js';
import { seeded } from '../lib/statistics.mjs';
import { entryOf } from './common.mjs';

const PAGE = 4096;
const maxBytes = 16 * 1024 * 1024;
const keyOf = (i) => `v1:api:/3/movie/${i}`;

const [, script, directory] = process.argv;
if (directory !== undefined) {
  await use(directory);
} else {
  const parent = mkdtempSync(join(tmpdir(), 'damage-'));
  const whole = join(parent, 'whole');
  const store = await openDiskStore({ directory: whole, maxBytes, clock });
  for (let i = 0; i < 3000; i += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, j) => store.set(entryOf(keyOf(i + j), 1000))));
  }
  await store.close();
  const random = seeded(11);
  const tally = {};
  for (let round = 0; round < 40; round += 1) {
    const damaged = join(parent, `damaged-${round}`);
    cpSync(whole, damaged, { recursive: true });
    const bytes = readFileSync(join(damaged, 'index.mdb'));
    for (let n = round % 2 === 0 ? 8 : 1; n > 0; n -= 1) {
      const at = PAGE * (2 + Math.floor(random() * (bytes.length / PAGE - 2)));
      if (round % 4 < 2) bytes.fill(0, at, at + PAGE);
      else for (let i = 0; i < 20; i += 1) bytes[at + Math.floor(random() * 64)] = Math.floor(random() * 256);
    }
    writeFileSync(join(damaged, 'index.mdb'), bytes);
    const { signal, status, stdout } = spawnSync(process.execPath, [script, damaged], { encoding: 'utf8' });
    const ending = signal ?? (status === 0 ? stdout.trim() : `exit ${status}`);
    tally[ending] = (tally[ending] ?? 0) + 1;
  }
  console.log(tally);
  rmSync(parent, { recursive: true });
}

async function use(directory) {
  const events = [];
  const store = await openDiskStore({ directory, maxBytes, clock, onEvent: ({ type }) => events.push(type) });
  let wrong = 0;
  for (let i = 0; i < 3000; i += 1) {
    const entry = await store.get(keyOf(i));
    if (entry !== undefined && !entry.body.equals(entryOf(keyOf(i), 1000).body)) wrong += 1;
  }
  for (let i = 0; i < 2000; i += 1) await store.set(entryOf(`v1:new/${i}`, 1000));
  await store.close();
  console.log(
    events.includes('moved-aside') ? 'moved aside' : 'used as it was',
    wrong > 0 ? 'WRONG BODIES' : '',
  );
}
