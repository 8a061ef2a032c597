import { renameSync } from 'node:fs';
import { codeOf, messageOf } from './disk-errors.js';
import { WriterLock } from './disk-lock.js';
import { type Layout, layoutOf, makeDirectory, moveAside, prepare } from './disk-open.js';
import { DiskReader } from './disk-reader.js';
import { WritableDiskStore } from './disk-store.js';
import {
  type DiskOptions,
  type DiskReaderOptions,
  type DiskStore,
  DiskStoreError,
  MIN_DISK_BYTES,
  type OwnDiskStore,
} from './disk-types.js';

export * from './disk-types.js';

/**
 * Opens the store for its one writer process (docs/adr/0003-disk-store.md). Throws DiskStoreError and nothing else;
 * what is damaged, foreign or of another schema is moved aside and reported, and the store starts empty.
 */
export async function openDiskStore(options: DiskOptions): Promise<OwnDiskStore> {
  const { clock, maxBytes, onEvent = () => {} } = options;
  if (maxBytes < MIN_DISK_BYTES) {
    throw new DiskStoreError(
      'too-small',
      `a disk store needs at least ${MIN_DISK_BYTES} bytes, not ${maxBytes}`,
    );
  }
  const layout = layoutOf(options.directory);
  makeDirectory(layout, clock.now(), onEvent);
  const lock = WriterLock.acquire(layout.directory, onEvent);
  try {
    prepare(layout, clock.now(), onEvent);
    return await started(options, layout, lock).catch(async (error: unknown) => {
      moveAside(layout, 'corrupt', messageOf(error), clock.now(), onEvent);
      prepare(layout, clock.now(), onEvent);
      return started(options, layout, lock);
    });
  } catch (error) {
    lock.release();
    if (error instanceof DiskStoreError) throw error;
    const text = `disk store ${layout.directory} cannot be opened: ${messageOf(error)}`;
    throw new DiskStoreError('unusable', text, { cause: error });
  }
}

/** Opens for reading the store that another process writes; that process must have opened it before. */
export async function openDiskReader(options: DiskReaderOptions): Promise<DiskStore> {
  return new DiskReader(options);
}

async function started(options: DiskOptions, layout: Layout, lock: WriterLock): Promise<WritableDiskStore> {
  const store = new WritableDiskStore(options, layout, lock);
  try {
    await store.start();
  } catch (error) {
    await store.abandon();
    throw error;
  }
  if (!store.indexOutgrown) return store;
  try {
    await store.copyIndex(layout.compact);
  } catch (error) {
    // No room for a copy: the store works all the same, with less of its bound left for bodies.
    const message = messageOf(error);
    options.onEvent?.({ type: 'error', operation: 'compact', message, code: codeOf(error) });
    return store;
  }
  await store.abandon();
  renameSync(layout.compact, layout.index);
  const smaller = new WritableDiskStore(options, layout, lock);
  await smaller.start();
  return smaller;
}
