import { expect, test } from 'vitest';
import { type Entry, usefulUntil } from '../../../src/tiers/entry.js';
import { NOW, sample } from '../../contract/samples.js';

const HOUR = 3_600_000;

const NEVER_STALE: Partial<Entry> = { staleWhileRevalidate: 0, staleIfError: 0 };

test.each<[why: string, changes: Partial<Entry>, until: number]>([
  ['fresh and the longest stale window', { ageAtStore: 0, staleIfError: HOUR }, NOW + 2 * HOUR],
  ['without a window and a validator, fresh', { ...NEVER_STALE, ageAtStore: 0, headers: [] }, NOW + HOUR],
  ['no-cache with an ETag: an hour, to be validated', { ...NEVER_STALE, lifetime: 0 }, NOW + HOUR],
  [
    'must-revalidate with Last-Modified: an hour',
    { ...NEVER_STALE, headers: ['Last-Modified', 'x'] },
    NOW + HOUR,
  ],
  ['fresh for longer than that', { ...NEVER_STALE, ageAtStore: 0, lifetime: 48 * HOUR }, NOW + 48 * HOUR],
  ['too old for its window when it came', { ageAtStore: 48 * HOUR }, NOW + HOUR],
])('a store keeps what is %s', (_why, changes, until) => {
  expect(usefulUntil(sample('k', changes))).toBe(until);
});
