import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PurgeScope } from '../../src/cache/purge-table.js';
import { FeedCoverage } from '../../src/feed/feed-coverage.js';
import { FakeClock } from '../support/fake-clock.js';
import { Side } from './side.js';
import { scopeOf } from './twins.js';
import { stillness, Wire } from './wire.js';

const TARGET = '/3/movie/0';
let side: Side;
let wire: Wire;
let clock: FakeClock;

beforeEach(async () => {
  clock = new FakeClock();
  side = await new Side({ site: 'tmdb', l2: 'prompt', clock, fast: true }).open();
  wire = await Wire.open(side);
  await ask();
  await ask();
  expect(await ask()).toMatchObject({ generation: 0, cache: 'HIT', fast: true });
});
afterEach(() => side.close());

async function ask(...lines: string[]) {
  const hits = side.hits;
  wire.send(Buffer.from(`${[`GET ${TARGET} HTTP/1.1`, 'Host: a', ...lines].join('\r\n')}\r\n\r\n`));
  await stillness([wire]);
  const text = wire.take().toString('latin1');
  return {
    status: Number(text.slice(9, 12)),
    cache: /X-Cache: (\w+)/.exec(text)?.[1],
    generation: Number(/"generation":(\d+)/.exec(text)?.[1]),
    fast: side.hits > hits,
  };
}

const scopes: PurgeScope['kind'][] = ['key', 'path', 'prefix', 'tag', 'class', 'all'];

describe('after a purge the fast path does not answer with what it names (I-1)', () => {
  it.each(scopes)('hard, %s', async (kind) => {
    side.origin.change(TARGET);
    side.kit.purge(scopeOf(side, kind, TARGET));
    expect(await ask()).toMatchObject({ generation: 1, cache: 'MISS', fast: false });
    await ask(); // decodes what was stored as gzip
    expect(await ask()).toMatchObject({ generation: 1, cache: 'HIT', fast: true });
  });

  it.each(scopes)('soft, %s (I-5)', async (kind) => {
    side.origin.change(TARGET);
    side.kit.purge(scopeOf(side, kind, TARGET), true);
    const next = await ask();
    expect(next.fast).toBe(false);
    expect(next.cache).not.toBe('HIT');
    expect(await ask()).toMatchObject({ generation: 1, cache: 'HIT' });
  });

  it('also when the client has the old one: no 304 for it', async () => {
    expect(await ask('If-None-Match: W/"strong-0"')).toMatchObject({ status: 304, fast: true });
    side.origin.change(TARGET);
    side.kit.purge({ kind: 'all' });
    expect(await ask('If-None-Match: W/"strong-0"')).toMatchObject({ status: 200, generation: 1 });
  });
});

describe('what is not the stored response any more is not given', () => {
  it('an entry that was replaced', async () => {
    side.origin.change(TARGET);
    expect(await ask('Cache-Control: no-cache')).toMatchObject({ generation: 1, fast: false });
    expect(await ask()).toMatchObject({ generation: 1 });
  });

  it('an entry that was evicted', async () => {
    side.origin.change(TARGET);
    await side.kit.memory.clear();
    await side.l2.clear();
    expect(await ask()).toMatchObject({ generation: 1, cache: 'MISS', fast: false });
  });

  it('an entry that has become stale, to the millisecond', async () => {
    clock.advance(19_999);
    expect(await ask()).toMatchObject({ cache: 'HIT', fast: true });
    clock.advance(1);
    expect((await ask()).fast).toBe(false);
  });
});

describe('a lifetime that the change feed vouches for', () => {
  const CLASS_MS = 20_000;
  const covered = async (long: boolean) => {
    const feed = new FeedCoverage({ classMs: CLASS_MS, clock });
    feed.become({ sinceStamp: 0, until: clock.now() + 60_000 });
    await side.close();
    side = await new Side({
      site: 'tmdb',
      l2: 'prompt',
      clock,
      fast: true,
      coverage: {
        lifetimeOf: () => (long ? 600_000 : undefined),
        staleSince: (head, now) => feed.staleSince(head, now),
      },
    }).open();
    wire = await Wire.open(side);
    await ask();
    await ask();
    expect(await ask()).toMatchObject({ cache: 'HIT', fast: true });
    return feed;
  };

  it('is believed on the socket for as long as it does, to the millisecond', async () => {
    await covered(true);
    clock.advance(59_999);
    await ask(); // memory has looked at L2 again
    expect(await ask()).toMatchObject({ cache: 'HIT', fast: true });
    clock.advance(1);
    const late = await ask();
    expect([late.fast, late.cache === 'HIT']).toEqual([false, false]);
  });

  it('ends with a soft purge of what was edited', async () => {
    await covered(true);
    clock.advance(30_000);
    side.origin.change(TARGET);
    side.kit.purge(scopeOf(side, 'tag', TARGET), true);
    const next = await ask();
    expect([next.fast, next.cache === 'HIT']).toEqual([false, false]);
    expect(await ask()).toMatchObject({ generation: 1, cache: 'HIT' });
  });

  it('does not hold what it was stored before', async () => {
    const feed = await covered(true);
    feed.become({ sinceStamp: side.kit.purges.stamp() + 1, until: clock.now() + 60_000 });
    clock.advance(CLASS_MS - 1);
    await ask();
    expect(await ask()).toMatchObject({ cache: 'HIT', fast: true });
    clock.advance(1);
    expect((await ask()).fast).toBe(false);
  });

  it('leaves alone what has the lifetime of its class', async () => {
    await covered(false);
    clock.advance(19_999);
    await ask();
    expect(await ask()).toMatchObject({ cache: 'HIT', fast: true });
    clock.advance(CLASS_MS / 5);
    expect((await ask()).fast).toBe(false);
  });
});
