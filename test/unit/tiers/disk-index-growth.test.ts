import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDiskStore } from '../../../src/tiers/disk.js';
import { MIN_DISK_BYTES, type OwnDiskStore } from '../../../src/tiers/disk-types.js';
import { endWithUs } from '../../support/end-with-us.js';
import { FakeClock } from '../../support/fake-clock.js';
import { entryOf } from '../server/helpers.js';

/** Reads once, says so, and looks at that version of the index until it is told to let go of it. */
const READER = `
  import { open } from 'lmdb';
  const root = open(process.argv[1], { readOnly: true, encoding: 'binary', keyEncoding: 'binary', maxDbs: 4, maxReaders: 512 });
  const looking = root.useReadTransaction();
  console.log('looks');
  process.stdin.once('data', () => { looking.done(); root.resetReadTxn(); console.log('lets go'); });
`;
const BATCH = 200;
/** Several times what the store's index has room for. */
const BATCHES = 60;

const clock = new FakeClock();
let directory: string;
let store: OwnDiskStore;
let reader: ChildProcess;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'disk-index-growth-'));
  store = await openDiskStore({ directory, clock, maxBytes: MIN_DISK_BYTES });
});
afterEach(async () => {
  reader.kill();
  await store.close();
  rmSync(directory, { recursive: true });
});

const says = () => new Promise((resolve) => reader.stdout!.once('data', resolve));
const indexBytes = () => statSync(join(directory, 'index.mdb')).size;

async function writeMuch(): Promise<void> {
  for (let batch = 0; batch < BATCHES; batch++)
    await Promise.all(
      Array.from({ length: BATCH }, (_, i) =>
        store.set({ ...entryOf('x'), key: `${batch}-${i}-${'k'.repeat(300)}` }),
      ),
    );
}

it('a reader that stands still while much is written takes no room away for good: the store goes on with what it has', async () => {
  reader = spawn(process.execPath, ['--input-type=module', '-e', READER, join(directory, 'index.mdb')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  endWithUs(reader);
  await says();
  await writeMuch();
  const { entries, writes, fileBytes } = store.stats();
  expect(entries).toBeGreaterThan(1000);
  expect(indexBytes()).toBeLessThan(0.75 * MIN_DISK_BYTES);
  expect(fileBytes).toBeLessThan(MIN_DISK_BYTES);
  reader.stdin!.write('let go');
  await says();
  clock.advance(1000);
  await writeMuch();
  expect(store.stats().writes - writes).toBeGreaterThan((BATCHES * BATCH) / 2);
  expect(store.stats().entries).toBeGreaterThan(1000);
});
