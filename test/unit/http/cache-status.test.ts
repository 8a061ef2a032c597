import { expect, test } from 'vitest';
import { cacheStatusTtl } from '../../../src/http/cache-status.js';

test.each<[why: string, value: string | undefined, ttl: number | undefined]>([
  ['a hit', 'origin; hit; ttl=5, us; hit; ttl=42', 42],
  ['stale', 'us; hit; ttl=-7; detail=memory/offline', -7],
  ['stale, after its origin failed', 'us; fwd=stale; ttl=-7', -7],
  [
    'just fetched: the response itself says as much',
    'us; fwd=uri-miss; fwd-status=200; stored; ttl=42',
    undefined,
  ],
  ['just validated', 'us; fwd=stale; fwd-status=304; stored; ttl=42', undefined],
  ['another cache answered', 'us; hit; ttl=42, eu; hit; ttl=1', undefined],
  ['no ttl', 'us; hit', undefined],
  ['not a list', 'us; hit; ttl=42, "', undefined],
  ['nothing', undefined, undefined],
])('freshness that the cache in front has left: %s', (_, value, ttl) => {
  expect(cacheStatusTtl(value, 'us')).toBe(ttl);
});
