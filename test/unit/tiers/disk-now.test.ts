import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DiskStore, MIN_DISK_BYTES, openDiskReader, openDiskStore } from '../../../src/tiers/disk.js';
import { SYNC_READ_BYTES } from '../../../src/tiers/disk-segments.js';
import { bodyFor, sample } from '../../contract/samples.js';
import { FakeClock } from '../../support/fake-clock.js';

let directory: string;
let clock: FakeClock;
let writer: DiskStore;
let reader: DiskStore;
let touched: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'disk-now-'));
  clock = new FakeClock();
  touched = [];
  writer = await openDiskStore({ directory, maxBytes: 2 * MIN_DISK_BYTES, clock });
  reader = await openDiskReader({ directory, clock, onTouch: (keys) => touched.push(...keys) });
});

afterEach(async () => {
  await reader.close();
  await writer.close();
  await rm(directory, { recursive: true });
});

const sides = () => [writer, reader];
const { stringify } = JSON;

describe('a look at the disk store that may not wait', () => {
  it('tells of small bodies, empty ones and missing keys, and counts as a read does', async () => {
    const small = sample('v1:small', { body: bodyFor('s', SYNC_READ_BYTES) });
    const empty = sample('v1:empty', { body: Buffer.alloc(0) });
    await Promise.all([writer.set(small), writer.set(empty)]);
    for (const store of sides()) {
      expect(store.lookNow('v1:small')).toEqual(small);
      expect(store.lookNow('v1:empty')).toEqual(empty);
      expect(store.lookNow('v1:none')).toBeUndefined();
      expect(store.stats()).toMatchObject({ hits: 2, misses: 1 });
    }
    await reader.flush();
    expect(touched).toEqual(['v1:small', 'v1:empty']);
  });

  it('does not read a large body, and counts nothing', async () => {
    const large = sample('v1:large', { body: bodyFor('l', SYNC_READ_BYTES + 1) });
    await writer.set(large);
    for (const store of sides()) {
      expect(store.lookNow('v1:large')).toBe('ask');
      expect(store.stats()).toMatchObject({ hits: 0, misses: 0 });
      expect(await store.get('v1:large')).toEqual(large);
    }
  });

  it('gives a body that owns its memory (I-18)', async () => {
    await writer.set(sample('v1:a'));
    await writer.set(sample('v1:b'));
    const a = reader.lookNow('v1:a');
    const before = stringify(a);
    reader.lookNow('v1:b');
    await writer.set(sample('v1:a', { body: bodyFor('other', 1000) }));
    expect(stringify(a)).toBe(before);
    expect(a !== undefined && a !== 'ask' && a.body.buffer.byteLength).toBe(1000);
  });

  it('tells a body that is gone as a miss, and counts the damage', async () => {
    await writer.set(sample('v1:k'));
    await writer.flush();
    for (const name of await readdir(join(directory, 'bodies')))
      await truncate(join(directory, 'bodies', name), 10);
    expect(reader.lookNow('v1:k')).toBeUndefined();
    expect(reader.stats()).toMatchObject({ hits: 0, misses: 1, corrupt: 1 });
  });

  it('misses everything once closed', async () => {
    await writer.set(sample('v1:k'));
    await reader.close();
    expect(reader.lookNow('v1:k')).toBeUndefined();
  });
});
