import { expect, test } from 'vitest';
import { type Entry, keptUntil, usefulUntil } from '../../../src/tiers/entry.js';
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
  expect(keptUntil(sample('k', changes), 0)).toBe(until);
});

const DAY = 24 * HOUR;
/** Of what is of use for two hours. */
const SHORT: Partial<Entry> = { ageAtStore: 0, staleIfError: HOUR };

test.each<[why: string, changes: Partial<Entry>, keepMs: number, until: number]>([
  ['an answer: for as long as asked', SHORT, 180 * DAY, NOW + 180 * DAY],
  ['counted from when the origin gave it', { ...SHORT, ageAtStore: HOUR }, 180 * DAY, NOW - HOUR + 180 * DAY],
  ['never less than it is of use', SHORT, HOUR, NOW + 2 * HOUR],
  [
    'what says that something does not exist: no longer',
    { ...SHORT, class: 'negative' },
    DAY,
    NOW + 2 * HOUR,
  ],
  ['nor what has changed lately', { ...SHORT, class: 'changes' }, DAY, NOW + 2 * HOUR],
  ['nor what a search found', { ...SHORT, class: 'search' }, DAY, NOW + 2 * HOUR],
  ['nor a part', { ...SHORT, status: 206 }, DAY, NOW + 2 * HOUR],
])('beyond its use, for when nobody can be asked, a store keeps %s', (_why, changes, keepMs, until) => {
  expect(keptUntil(sample('k', changes), keepMs)).toBe(until);
});
