import { createHash } from 'node:crypto';
import type { Entry } from '../../src/tiers/entry.js';

/** 2026-01-01T00:00:00Z: a fixed now, so that nothing in these tests depends on the day they run. */
export const NOW = Date.UTC(2026, 0, 1);

/** Bytes that follow from the key and the length alone, and differ between any two of them. */
export function bodyFor(key: string, length: number): Buffer {
  const block = createHash('sha512').update(`${key}#${length}`).digest();
  return Buffer.alloc(length, block);
}

export function sample(key: string, changes: Partial<Entry> = {}): Entry {
  return {
    key,
    primaryKey: key,
    status: 200,
    statusText: 'OK',
    headers: [
      'Content-Type',
      'application/json',
      'ETag',
      'W/"a"',
      'x-empty',
      '',
      'X-Twice',
      '1',
      'X-Twice',
      '2',
    ],
    coding: 'gzip',
    recoded: true,
    class: 'detail',
    tags: ['movie:550', 'lang:de'],
    stamp: 7,
    storedAt: NOW,
    ageAtStore: 12,
    lifetime: 3_600_000,
    memoryFor: 60_000,
    staleWhileRevalidate: 1000,
    staleIfError: 2000,
    vary: [],
    marker: false,
    body: bodyFor(key, 1000),
    ...changes,
  };
}
