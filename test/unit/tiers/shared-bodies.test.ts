import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeEntry, decodeHead, encodeEntry, type StoredHead } from '../../../src/tiers/codec.js';
import { type DiskStore, MIN_DISK_BYTES, openDiskReader, openDiskStore } from '../../../src/tiers/disk.js';
import type { Entry } from '../../../src/tiers/entry.js';
import { SharedBodies } from '../../../src/tiers/shared-bodies.js';
import { bodyFor, sample } from '../../contract/samples.js';
import { FakeClock } from '../../support/fake-clock.js';

const LARGE = 300_000;
/** Vitest compares buffers byte by byte. */
const shown = (found: Entry | undefined) => found && { ...found, body: found.body.toString('latin1') };
const entry = (seed: string, over = {}) => sample('v1:k', { body: bodyFor(seed, LARGE), ...over });

describe('a large body in the disk store', () => {
  let directory: string;
  let writer: DiskStore;
  let reader: DiskStore;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shared-bodies-'));
    const clock = new FakeClock();
    writer = await openDiskStore({ directory, maxBytes: 2 * MIN_DISK_BYTES, clock });
    reader = await openDiskReader({ directory, clock });
  });
  afterEach(async () => {
    await reader.close();
    await writer.close();
    await rm(directory, { recursive: true });
  });

  it('is in memory once for all who are sent it, whether they come together or later', async () => {
    await writer.set(entry('a'));
    for (const store of [writer, reader]) {
      const together = await Promise.all(Array.from({ length: 20 }, () => store.get('v1:k')));
      const later = await store.get('v1:k');
      const memory = new Set([...together, later].map((found) => found?.body.buffer));
      expect(memory.size).toBe(1);
      expect(shown(later)).toEqual(shown(entry('a')));
      expect(store.stats()).toMatchObject({ hits: 21, misses: 0 });
    }
  });

  it('that was replaced or deleted is given to nobody, though it is still being sent', async () => {
    await writer.set(entry('a'));
    const sending = await Promise.all([writer.get('v1:k'), reader.get('v1:k')]);
    await writer.set(entry('b', { storedAt: 5 }));
    const replaced = shown(entry('b', { storedAt: 5 }));
    for (const store of [writer, reader]) expect(shown(await store.get('v1:k'))).toEqual(replaced);
    await writer.delete('v1:k');
    for (const store of [writer, reader]) expect(await store.get('v1:k')).toBeUndefined();
    for (const found of sending) expect(shown(found)).toEqual(shown(entry('a')));
  });
});

function storedHead(bytes: Buffer): StoredHead {
  const head = decodeHead(bytes);
  if (!head.ok) throw new Error(head.reason);
  return head.value;
}

describe('bodies that are held', () => {
  it('are found by the write they are of, whatever part of them is held', () => {
    const shared = new SharedBodies();
    const value = encodeEntry(entry('a'));
    const first = decodeEntry(value, 7, shared);
    const again = decodeEntry(value, 8, shared);
    if (!first.ok || !again.ok) throw new Error('not decoded');
    expect(again.value.body.buffer).toBe(first.value.body.buffer);
    expect(shown(again.value)).toEqual(shown(entry('a', { storedAt: 8 })));
    for (const other of [entry('b'), entry('a', { storedAt: 9 }), entry('a', { key: 'v1:other' })])
      expect(shared.find(storedHead(encodeEntry(other)))).toBeUndefined();
  });

  it('of which none could be read are told so to all who wait, and read anew by who comes next', async () => {
    const shared = new SharedBodies();
    const stored = storedHead(encodeEntry(entry('a')));
    let reads = 0;
    const failing = async () => {
      reads++;
      return 'gone' as const;
    };
    const told = await Promise.all([shared.get(stored, failing), shared.get(stored, failing)]);
    expect([told, reads, shared.size]).toEqual([['gone', 'gone'], 1, 0]);
    const body = bodyFor('a', LARGE);
    expect(await shared.get(stored, async () => body)).toBe(body);
  });

  it('do not keep track of small ones', () => {
    const shared = new SharedBodies();
    decodeEntry(encodeEntry(sample('v1:k')), undefined, shared);
    expect(shared.size).toBe(0);
  });
});
