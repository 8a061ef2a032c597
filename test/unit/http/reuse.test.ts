import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { requestCacheControl } from '../../../src/http/cache-control.js';
import {
  judgeReuse,
  type ReuseKind,
  type ReuseOptions,
  type ReuseReason,
  type StoredTimes,
} from '../../../src/http/reuse.js';

const FRESH: StoredTimes = {
  ageMs: 10_000,
  lifetimeMs: 60_000,
  staleWhileRevalidateMs: 30_000,
  staleIfErrorMs: 90_000,
  noCache: false,
  forbidsStale: false,
};
const STALE: StoredTimes = { ...FRESH, ageMs: 70_000 };
const OLD: StoredTimes = { ...FRESH, ageMs: 100_000 };
const DEAD: StoredTimes = { ...FRESH, ageMs: 200_000 };
const STRICT = { forbidsStale: true, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 };
const ALLOW: ReuseOptions = { honourMaxStale: true };
const ask = (value: string) => requestCacheControl(value === '' ? [] : ['Cache-Control', value]);

test.each<
  [
    why: string,
    stored: StoredTimes,
    request: string,
    options: ReuseOptions,
    kind: ReuseKind,
    reason: ReuseReason,
  ]
>([
  ['fresh', FRESH, '', {}, 'fresh', 'within-lifetime'],
  [
    'fresh ends when age reaches the lifetime',
    { ...FRESH, ageMs: 60_000, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 },
    '',
    {},
    'must-validate',
    'expired',
  ],
  ['within stale-while-revalidate', STALE, '', {}, 'stale-while-revalidate', 'within-swr'],
  ['past it, within stale-if-error', OLD, '', {}, 'stale-if-error-only', 'within-sie'],
  ['past both', DEAD, '', {}, 'must-validate', 'expired'],
  ['no-cache is validated however fresh', { ...FRESH, noCache: true }, '', {}, 'must-validate', 'no-cache'],
  [
    'no-cache with stale-while-revalidate is not served unvalidated',
    { ...STALE, noCache: true },
    '',
    {},
    'must-validate',
    'no-cache',
  ],
  ['must-revalidate is served while fresh', { ...FRESH, ...STRICT }, '', {}, 'fresh', 'within-lifetime'],
  [
    'must-revalidate is never served stale',
    { ...STALE, forbidsStale: true },
    '',
    {},
    'must-validate',
    'stale-forbidden',
  ],
  [
    'must-revalidate is never served stale under max-stale',
    { ...STALE, ...STRICT },
    'max-stale',
    ALLOW,
    'must-validate',
    'stale-forbidden',
  ],
  ['request no-cache', FRESH, 'no-cache', {}, 'must-validate', 'request-no-cache'],
  ['request no-store does not concern what is stored', FRESH, 'no-store', {}, 'fresh', 'within-lifetime'],
  ['request max-age above the age', FRESH, 'max-age=20', {}, 'fresh', 'within-lifetime'],
  ['request max-age below the age', FRESH, 'max-age=5', {}, 'stale-if-error-only', 'request-max-age'],
  ['request max-age of a dead entry', DEAD, 'max-age=5', {}, 'must-validate', 'request-max-age'],
  [
    'request max-age does not want stale answers',
    STALE,
    'max-age=3600',
    {},
    'stale-if-error-only',
    'within-sie',
  ],
  ['request min-fresh that is met', FRESH, 'min-fresh=50', {}, 'fresh', 'within-lifetime'],
  ['request min-fresh that is not', FRESH, 'min-fresh=51', {}, 'stale-if-error-only', 'request-min-fresh'],
  [
    'request min-fresh wants no stale answer',
    STALE,
    'min-fresh=1',
    {},
    'stale-if-error-only',
    'request-min-fresh',
  ],
  ['a client cannot loosen freshness by itself', DEAD, 'max-stale', {}, 'must-validate', 'expired'],
  [
    'max-stale where the operator allows it',
    DEAD,
    'max-stale=1000',
    ALLOW,
    'stale-while-revalidate',
    'request-max-stale',
  ],
  ['max-stale that is exceeded', DEAD, 'max-stale=100', ALLOW, 'must-validate', 'expired'],
  ['request stale-if-error shortens the window', OLD, 'stale-if-error=10', {}, 'must-validate', 'expired'],
  [
    'request stale-if-error does not lengthen it',
    DEAD,
    'stale-if-error=9999',
    {},
    'must-validate',
    'expired',
  ],
  ['only-if-cached and fresh', FRESH, 'only-if-cached', {}, 'fresh', 'within-lifetime'],
  ['only-if-cached and servable stale', STALE, 'only-if-cached', {}, 'stale-while-revalidate', 'within-swr'],
  ['only-if-cached and stale: 504', OLD, 'only-if-cached', {}, 'unusable', 'only-if-cached'],
  ['only-if-cached and no-cache: 504', FRESH, 'only-if-cached, no-cache', {}, 'unusable', 'only-if-cached'],
])('%s', (_why, stored, request, options, kind, reason) => {
  expect(judgeReuse(stored, ask(request), options)).toEqual({ kind, reason });
});

describe('whatever the request says', () => {
  const duration = fc.integer({ min: 0, max: 200_000 });
  const stored = fc.record<StoredTimes>({
    ageMs: duration,
    lifetimeMs: duration,
    staleWhileRevalidateMs: duration,
    staleIfErrorMs: duration,
    noCache: fc.boolean(),
    forbidsStale: fc.boolean(),
  });
  const seconds = fc.integer({ min: 0, max: 200 });
  const request = fc
    .array(
      fc.oneof(
        fc.constantFrom('no-cache', 'no-store', 'only-if-cached', 'max-stale'),
        seconds.map((n) => `max-age=${n}`),
        seconds.map((n) => `min-fresh=${n}`),
        seconds.map((n) => `max-stale=${n}`),
        seconds.map((n) => `stale-if-error=${n}`),
      ),
    )
    .map((members) => ask(members.join(', ')));

  const LAXEST: ReuseKind[] = [
    'fresh',
    'stale-while-revalidate',
    'stale-if-error-only',
    'must-validate',
    'unusable',
  ];

  it('it only makes the verdict stricter, unless the operator allows more', () => {
    fc.assert(
      fc.property(stored, request, (entry, directives) => {
        const plain = LAXEST.indexOf(judgeReuse(entry).kind);
        expect(LAXEST.indexOf(judgeReuse(entry, directives).kind)).toBeGreaterThanOrEqual(plain);
      }),
    );
  });

  it('an entry that forbids staleness is served only while fresh', () => {
    fc.assert(
      fc.property(stored, request, (entry, directives) => {
        const { kind } = judgeReuse({ ...entry, forbidsStale: true }, directives, ALLOW);
        if (kind !== 'must-validate' && kind !== 'unusable')
          expect(entry.ageMs).toBeLessThan(entry.lifetimeMs);
      }),
    );
  });
});
