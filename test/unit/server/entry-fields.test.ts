import { describe, expect, it } from 'vitest';
import { field, hasField } from '../../../src/http/headers.js';
import { EntryFields } from '../../../src/server/entry-fields.js';
import type { ServerSettings } from '../../../src/server/settings.js';
import type { Entry } from '../../../src/tiers/entry.js';
import { answerOf, clock, entryOf, get, HIT, SITE, start } from './helpers.js';

const IMAGES = new Set(['image']);
const site = { ...SITE, images: IMAGES };
const image = (over: Partial<Entry> = {}) =>
  entryOf('picture', { class: 'image', headers: ['Content-Type', 'image/jpeg', 'ETag', '"i"'], ...over });

describe('immutable', () => {
  const cacheControl = async (entry: Entry, ...lines: string[]) => {
    const { ttl: _, ...outcome } = HIT;
    const { port } = await start(() => answerOf(entry, outcome), { settings: { site } });
    const reply = await get(port, '/t/p/w500/x.jpg', ...lines);
    return [reply.status, reply.get('cache-control')];
  };

  it('is said of images, whole, in part and unchanged', async () => {
    expect(await cacheControl(image())).toEqual([200, 'public, immutable, max-age=900']);
    expect(await cacheControl(image(), 'Range: bytes=0-1')).toEqual([206, 'public, immutable, max-age=900']);
    expect(await cacheControl(image(), 'If-None-Match: "i"')).toEqual([
      304,
      'public, immutable, max-age=900',
    ]);
  });

  it('is not said of what changes, is missing, is stale, or of a range that there is not', async () => {
    expect(await cacheControl(entryOf('{}'))).toEqual([200, 'public, max-age=900']);
    expect(await cacheControl(image({ status: 404, class: 'negative' }))).toEqual([
      404,
      'public, max-age=900',
    ]);
    expect(await cacheControl(image({ lifetime: 1 }))).toEqual([200, 'public, max-age=0']);
    expect(await cacheControl(image(), 'Range: bytes=90-')).toEqual([416, 'no-store']);
  });
});

describe('what the outcome knows of the end of freshness', () => {
  it('is what clients are told, where the change feed has lapsed: not the lifetime it was stored with', async () => {
    const week = entryOf('{}', { lifetime: 7 * 24 * 3_600_000 });
    const { port } = await start(() => answerOf(week, { ...HIT, ttl: 60 }));
    expect((await get(port, '/3/movie/1')).get('cache-control')).toBe('public, max-age=60');
  });
});

describe('somebody who is not to know what others have asked', () => {
  const told = (ttlPolicy: 'content-type' | 'origin', entry: Entry, quiet: boolean, base?: string[]) => {
    const settings = { site: { ...SITE, ttlPolicy }, clock, serverId: 'n', version: '1', cors: false };
    const fields = new EntryFields(settings as unknown as ServerSettings);
    return fields.full(
      entry,
      'asStored',
      {
        settings: settings as unknown as ServerSettings,
        headers: [],
        outcome: undefined,
        requestId: 'id',
        startedAt: clock.now(),
        quiet,
      },
      base,
    );
  };
  const DATE = 'Wed, 31 Dec 2025 23:00:00 GMT';
  const NOW = new Date(clock.now()).toUTCString();
  const dated = (over: Partial<Entry> = {}) =>
    entryOf('{}', { headers: ['Date', DATE, 'Content-Type', 'application/json'], ...over });

  it('is told neither the age of an answer nor when it was made', () => {
    const headers = told('content-type', dated(), true);
    expect(hasField(headers, 'age')).toBe(false);
    expect(headers.filter((part) => /^date$/i.test(part))).toHaveLength(1);
    expect(field(headers, 'date')).toBe(NOW);
    expect(field(headers, 'cache-control')).toBe('public, max-age=900');
  });

  it('also where the origin sent no date, in a 304 and in a part', () => {
    expect(field(told('content-type', entryOf('{}'), true), 'date')).toBe(NOW);
    const headers = told('content-type', dated(), true, ['Date', DATE, 'ETag', '"x"']);
    expect([field(headers, 'date'), hasField(headers, 'age')]).toEqual([NOW, false]);
  });

  it.each([
    'X-Memc',
    'X-Memc-Age',
    'x-memc-expires',
    'X-Amz-Cf-Id',
    'X-Amz-Cf-Pop',
    'CF-Ray',
    'cf-cache-status',
    'CDN-CachedAt',
    'CDN-RequestId',
    'X-Timer',
    'X-Cache-Hits',
    'X-Served-By',
  ])('nor what other caches say of that in %s', (name) => {
    const entry = dated({ headers: [name, '77', 'Cf', '1', 'X-Cached-Copy', 'x', 'ETag', '"e"'] });
    const headers = told('content-type', entry, true);
    expect([hasField(headers, name), hasField(headers, 'cf')]).toEqual([false, false]);
    expect([field(headers, 'etag'), field(headers, 'x-cached-copy')]).toEqual(['"e"', 'x']);
    expect(hasField(told('content-type', entry, false), name)).toBe(true);
  });

  it('is told the lifetime of an answer just made, although a parent has had it for long', () => {
    const entry = dated({ lifetime: 100_000, ageAtStore: 0 });
    expect(field(told('content-type', entry, true), 'cache-control')).toBe('public, max-age=900');
    expect(field(told('content-type', entry, false), 'cache-control')).toBe('public, max-age=40');
  });

  it('by the letter keeps nothing for longer than somebody who is told the age', () => {
    const entry = dated({
      headers: ['Date', DATE, 'Cache-Control', 'public, max-age=3600', 'Expires', DATE],
      lifetime: 3_600_000,
      ageAtStore: 600_000,
    });
    const headers = told('origin', entry, true);
    // A minute in store.
    expect(field(headers, 'cache-control')).toBe('public, max-age=2940');
    expect([hasField(headers, 'age'), hasField(headers, 'expires')]).toEqual([false, false]);
  });

  it('everybody else is told both', () => {
    const headers = told('content-type', dated(), false);
    expect([field(headers, 'date'), field(headers, 'age')]).toEqual([DATE, '62']);
    const letter = told('origin', dated({ headers: ['Date', DATE, 'Cache-Control', 'max-age=3600'] }), false);
    expect(field(letter, 'cache-control')).toBe('max-age=3600');
  });
});
