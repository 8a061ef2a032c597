import { MAX_CACHE_MS } from '../config.js';
import { boolean, bytes, duration, integer, oneOf, text } from '../kinds.js';
import { optional, type Setting, setting } from '../setting.js';

/** DESIGN, Times: "All bounded by 180 days (TMDB's terms)". */
const ttl = duration('minutes', { zero: true, maxMs: MAX_CACHE_MS, because: '180 days, TMDB’s terms' });

export const CACHE_SETTINGS = {
  CACHE_ENABLED: setting({
    kind: boolean,
    default: 'true',
    meaning: 'With `false` everything passes through and nothing is stored.',
  }),
  TTL_POLICY: optional({
    kind: oneOf(['content-type', 'origin']),
    whenUnset: 'derived: `content-type` for TMDB, `origin` for a custom upstream',
    meaning: 'Lifetimes from the table of classes, or from the origin’s headers after RFC 9111.',
  }),
  MEMORY_CACHE_BYTES: optional({
    kind: bytes(0),
    whenUnset: 'derived: 256 MiB, at most a quarter of the memory this process may use',
    reloadable: true,
    meaning: 'Memory for L1, keys and headers counted, divided among the workers.',
  }),
  DISK_CACHE_BYTES: setting({
    kind: bytes(1),
    default: '10GiB',
    reloadable: true,
    meaning: 'Room for the disk store.',
  }),
  MAX_ENTRY_BYTES: setting({
    kind: bytes(1),
    default: '32MiB',
    reloadable: true,
    meaning: 'Larger bodies stream through without being stored.',
  }),
  CACHE_DIR: setting({
    kind: text('a path', /^[^\0]+$/),
    default: './data',
    meaning: 'Directory of the disk store, relative to the working directory.',
  }),
  HONOUR_MAX_STALE: setting({
    kind: boolean,
    default: 'false',
    meaning:
      'With `TTL_POLICY=origin`, lets a request’s `max-stale` have what is stale, unless the origin forbids that.',
  }),
  OFFLINE: setting({
    kind: boolean,
    default: 'false',
    meaning: 'Serves what is stored, however old, and never asks the origin.',
  }),
  WARM_TOP_KEYS: setting({
    kind: integer(0, 1_000_000),
    default: '1000',
    meaning:
      'The hottest keys of the last run that a start brings from L2 into each L1; 0 brings none. The origin is not asked.',
  }),
};

/** The four times of one family of classes; the numbers are minutes of DESIGN, Times. */
interface FamilyDefaults {
  readonly memory: string;
  readonly disk: string;
  readonly swr: string;
  readonly sie: string;
}

export type TimeSuffix = 'MEMORY_TTL' | 'DISK_TTL' | 'STALE_WHILE_REVALIDATE' | 'STALE_IF_ERROR';
type FamilySettings<P extends string> = { readonly [K in `${P}_${TimeSuffix}`]: Setting<number, string> };

/** Variables of one family. The names are computed, hence the assertion: all four are there. */
function family<P extends string>(prefix: P, what: string, defaults: FamilyDefaults): FamilySettings<P> {
  const time = (value: string, meaning: string) =>
    setting({ kind: ttl, default: value, reloadable: true, meaning: `${what}: ${meaning}` });
  return {
    [`${prefix}_MEMORY_TTL`]: time(defaults.memory, 'how long L1 answers before L2 is looked at again.'),
    [`${prefix}_DISK_TTL`]: time(defaults.disk, 'how long an entry is fresh, on disk or in Redis.'),
    [`${prefix}_STALE_WHILE_REVALIDATE`]: time(defaults.swr, 'served stale while a newer one is fetched.'),
    [`${prefix}_STALE_IF_ERROR`]: time(defaults.sie, 'served stale when the origin fails.'),
  } as FamilySettings<P>;
}

export const TIME_SETTINGS = {
  ...family('JSON', 'Details and lists', { memory: '15', disk: '360', swr: '60', sie: '10080' }),
  ...family('SEARCH', 'Search and discover', { memory: '3', disk: '10', swr: '10', sie: '1440' }),
  ...family('CHANGES', 'Change lists', { memory: '3', disk: '10', swr: '0', sie: '60' }),
  ...family('STATIC', 'Configuration, genres, certifications', {
    memory: '15',
    disk: '1440',
    swr: '1440',
    sie: '43200',
  }),
  ...family('IMAGE', 'Images', { memory: '30', disk: '10080', swr: '43200', sie: '259200' }),
  ...family('NEGATIVE', 'Not found', { memory: '1', disk: '5', swr: '0', sie: '0' }),
  STALE_WHILE_REVALIDATE: optional({
    kind: ttl,
    whenUnset: 'each class has its own',
    reloadable: true,
    meaning: 'For every class but `NEGATIVE` whose own `…_STALE_WHILE_REVALIDATE` is unset.',
  }),
  STALE_IF_ERROR: optional({
    kind: ttl,
    whenUnset: 'each class has its own',
    reloadable: true,
    meaning: 'For every class but `NEGATIVE` whose own `…_STALE_IF_ERROR` is unset.',
  }),
  STALE_SOFT_TIMEOUT: setting({
    kind: duration('seconds', { zero: true }),
    default: '1.5',
    reloadable: true,
    meaning:
      'How long a request waits for the origin when a stale answer is at hand. Not with `TTL_POLICY=origin`: a slow origin is no failing one.',
  }),
  CHANGE_FEED: setting({
    kind: boolean,
    default: 'true',
    meaning: 'Follows TMDB’s change lists and refreshes what changed.',
  }),
  CHANGE_FEED_INTERVAL: setting({
    kind: duration('minutes', { zero: false }),
    default: '15',
    meaning: 'Between readings of the change lists.',
  }),
  CHANGE_FEED_TTL: setting({
    kind: ttl,
    default: '10080',
    reloadable: true,
    meaning: 'How long details stay fresh while the change feed is healthy.',
  }),
};
