import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { CacheInfoAnswer } from '../../../src/admin/answers/cache.js';
import type { EntryAnswer } from '../../../src/admin/answers/keys.js';
import { ask, messageOf, send } from '../../../src/dashboard/client/api.js';
import { indented } from '../../../src/dashboard/client/json-text.js';
import { keyParts } from '../../../src/dashboard/client/key-parts.js';
import { columns, roundAbove, stacked } from '../../../src/dashboard/client/series.js';
import { Store } from '../../../src/dashboard/client/store.js';
import { whyStored } from '../../../src/dashboard/client/why.js';
import { ratesOf } from '../../../src/dashboard/rates.js';
import type { Sample } from '../../../src/dashboard/wire.js';

it('keys lose their version, unless they are of another form', () => {
  expect(keyParts('v1:api:/3/movie/1?a=b:c')).toEqual({ place: 'api', rest: '/3/movie/1?a=b:c' });
  expect(keyParts('something else')).toEqual({ place: '', rest: 'something else' });
});

describe('JSON is shown as it is stored', () => {
  it('numbers, order, names that occur twice and escapes included', () => {
    const text = String.raw`{"id":12345678901234567890,"v":1.10,"big":1e400,"b":[],"1":"\u00e9 ,:{ \" \\","b":-0.0}`;
    expect(indented(text).split('\n')).toEqual([
      '{',
      '  "id": 12345678901234567890,',
      '  "v": 1.10,',
      '  "big": 1e400,',
      '  "b": [],',
      String.raw`  "1": "\u00e9 ,:{ \" \\",`,
      '  "b": -0.0',
      '}',
    ]);
  });

  it('with the indent that people know', () => {
    const value = { id: 2, list: [1, { a: 'x: [1, 2]' }], none: [], empty: {} };
    expect(indented(JSON.stringify(value))).toBe(JSON.stringify(value, undefined, 2));
    expect(indented(` ${JSON.stringify(value, undefined, 7)}\n`)).toBe(JSON.stringify(value, undefined, 2));
  });

  it('as it is when it is none, and bounded when it is deep', () => {
    expect(indented('{"a": 1,}')).toBe('{"a": 1,}');
    const deep = '['.repeat(20_000) + ']'.repeat(20_000);
    expect(indented(deep).length).toBeLessThan(10_000_000);
  });
});

const none = ratesOf([]);
const sample = (at: number, hit = 0): Sample => ({
  at,
  node: { ...none, requests: { ...none.requests, hit } },
  cluster: null,
});

describe('curves', () => {
  it('have a gap where nobody looked, not a line across it', () => {
    const [times, hits] = columns([sample(0, 1), sample(2000, 2), sample(60_000, 3)], ({ node }) => [
      node.requests.hit,
    ]);
    expect(times).toEqual([0, 2, 3, 60]);
    expect(hits).toEqual([1, 2, null, 3]);
  });

  it('lie on each other', () => {
    expect(
      stacked([
        [0, 1],
        [1, null],
        [2, null],
        [3, null],
      ]),
    ).toEqual([
      [0, 1],
      [1, null],
      [3, null],
      [6, null],
    ]);
  });

  it.each([
    [0, 1, 1],
    [3, 1, 5],
    [95, 1, 200],
    [2200, 1, 2500],
    [0.01, 1, 1],
  ])('end at a round number: %j', (largest, least, top) => expect(roundAbove(largest, least)).toBe(top));
});

describe('what the page asks', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('is not waited for without end, and people are told', async () => {
    const late = vi
      .spyOn(AbortSignal, 'timeout')
      .mockImplementation(() => AbortSignal.abort(new DOMException('late', 'TimeoutError')));
    onTestFinished(() => late.mockRestore());
    vi.stubGlobal('fetch', async (_: string, { signal }: RequestInit) => {
      signal?.throwIfAborted();
      return Response.json({});
    });
    for (const asked of [ask('/x'), send('/x', {})])
      expect(messageOf(await asked.catch((thrown: unknown) => thrown))).toMatch(/did not answer in time/);
  });

  it('may break off in the middle of an answer', async () => {
    const body = new ReadableStream({ start: (controller) => controller.error(new TypeError('reset')) });
    vi.stubGlobal('fetch', async () => new Response(body));
    expect(messageOf(await ask('/x').catch((thrown: unknown) => thrown))).toMatch(/can not be reached/);
  });
});

describe('what the page knows', () => {
  it('grows with news, and begins anew with a connection', () => {
    const store = new Store();
    const news = (samples: Sample[]) => ({ seq: 1, samples, state: {}, failed: [] });
    store.take(news([sample(1), sample(2)]));
    store.take(news([sample(3)]));
    expect(store.samples.map(({ at }) => at)).toEqual([1, 2, 3]);
    store.restart();
    expect(store.samples).toHaveLength(3);
    store.take(news([sample(2), sample(3), sample(4)]));
    expect(store.samples.map(({ at }) => at)).toEqual([2, 3, 4]);
  });

  it('is bounded, however long the page is open', () => {
    const store = new Store();
    for (let i = 0; i < 1000; i++) store.take({ seq: i, samples: [sample(i)], state: {}, failed: [] });
    expect(store.samples.length).toBeLessThanOrEqual(300);
    expect(store.samples.at(-1)!.at).toBe(999);
  });
});

describe('why an entry is stored', () => {
  const entry = (more: Partial<EntryAnswer>) =>
    ({
      marker: false,
      status: 200,
      class: 'detail',
      headers: [['Cache-Control', 'max-age=60']],
      lifetime: 21_600,
      stale_while_revalidate: 3600,
      stale_if_error: 0,
      vary: [],
      recoded: false,
      ...more,
    }) as unknown as EntryAnswer;
  const info = { l2_cache: { ttl: { detail: 21_600 } } } as unknown as CacheInfoAnswer;
  const rules = { info, policy: 'content-type', covered: 7 * 86_400 };
  const why = (more: Partial<EntryAnswer>, other = {}) =>
    whyStored(entry(more), { ...rules, ...other }).join(' ');

  it('goes by its class, the change feed, or its own fields', () => {
    expect(why({ lifetime: 20_000 })).toContain('its class, detail, has 6 h');
    expect(why({ lifetime: 6.8 * 86_400 })).toContain('change feed');
    expect(why({ lifetime: 6.8 * 86_400 }, { covered: undefined })).not.toContain('change feed');
    expect(why({ lifetime: 60 }, { policy: 'origin' })).toContain(
      'by its own fields: Cache-Control: max-age=60',
    );
    expect(why({}, { info: undefined, policy: undefined, covered: undefined })).toContain(
      'It is fresh for 6 h.',
    );
  });

  it('says what becomes of it when stale, and what a marker is', () => {
    expect(why({})).toContain('served for 1 h while it is refreshed.');
    expect(why({ stale_while_revalidate: 0 })).toContain('served to nobody');
    expect(why({ marker: true, vary: ['accept-language'] })).toContain('differ by accept-language');
  });
});
