import type { EntryAnswer, KeysAnswer } from '../answers/keys.js';

export const KEY = 'v1:api:/3/movie/550?language=en-US';

export const KEYS: KeysAnswer = {
  keys: [
    {
      key: KEY,
      tier: 'memory',
      tiers: ['memory', 'disk'],
      class: 'detail',
      status: 200,
      size: 5210,
      age: 42,
      ttl: 604_758,
    },
  ],
  count: 1,
  total: 812,
  total_is_estimate: true,
  limit: 1,
  next_cursor: 'djE6YXBpOi8zL21vdmllLzU1MD9sYW5ndWFnZT1lbi1VUw',
};

export const ENTRY: EntryAnswer = {
  key: KEY,
  primary_key: KEY,
  state: 'fresh',
  tier: 'memory',
  copies: [{ tier: 'memory', bytes: 5210, stored_at: '2026-01-31T11:59:18.000Z' }],
  status: 200,
  headers: [
    ['Content-Type', 'application/json;charset=utf-8'],
    ['ETag', 'W/"de4ec7891ffe5b74bd7ffd7f5262ee27"'],
  ],
  coding: 'gzip',
  recoded: true,
  class: 'detail',
  tags: ['movie:550'],
  epoch: 3,
  marker: false,
  vary: [],
  size: 5210,
  stored_at: '2026-01-31T11:59:18.000Z',
  fresh_until: '2026-02-07T11:59:18.000Z',
  useful_until: '2026-07-30T11:59:18.000Z',
  age: 42,
  ttl: 604_758,
  lifetime: 604_800,
  memory_ttl: 900,
  stale_while_revalidate: 3600,
  stale_if_error: 604_800,
};
