import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../src/tiers/entry.js';
import type { ListPage, ListQuery, Tier } from '../../src/tiers/tier.js';
import { bodyFor, sample } from './samples.js';

export interface MadeTier {
  readonly tier: Tier;
  /** Releases what belongs to the test and not to the tier. */
  readonly dispose?: () => Promise<void>;
  /**
   * A tier in servers that others use as well: brings `stats` up to date. Its bytes are then those of the servers, not
   * the sum of its entries.
   */
  readonly refresh?: () => Promise<void>;
  /** Body size that is over the bound of one entry, bytes. Default: all of `maxBytes`. */
  readonly tooLarge?: number;
  /**
   * The tier counts ages anew at every read and drops what is of no use: `storedAt` may differ by a few ms, an entry
   * without any lifetime is not admitted.
   */
  readonly expires?: boolean;
}

/** How far `storedAt` may move in a tier that counts ages anew, ms: what a write or a read takes on a busy machine. */
const AGE_TOLERANCE = 5000;

const ALL: ListQuery = { after: '', limit: 1000, contains: '', scanLimit: 100_000 };

/** What every implementation of `tiers/tier` promises. It must keep at least 1000 entries of 1 kB, and one of 200 kB. */
export function describeTier(name: string, makeTier: () => Promise<MadeTier>): void {
  describe(`${name}: tier contract`, () => {
    let made: MadeTier;
    let tier: Tier;

    beforeEach(async () => {
      made = await makeTier();
      tier = made.tier;
    });

    afterEach(async () => {
      await tier.close();
      await made.dispose?.();
    });

    const stats = async () => {
      await made.refresh?.();
      return tier.stats();
    };
    const tooLarge = () => made.tooLarge ?? tier.stats().maxBytes;
    /** An unsorted tier promises no order, and an entry twice rather than never. */
    const ordered = (keys: readonly string[]) => (tier.sorted ? [...keys] : [...new Set(keys)].sort());
    const expectSame = (read: Entry | undefined, entry: Entry) => {
      expect(Math.abs((read?.storedAt ?? 0) - entry.storedAt)).toBeLessThanOrEqual(
        made.expires === true ? AGE_TOLERANCE : 0,
      );
      expect({ ...read, storedAt: entry.storedAt }).toEqual(entry);
    };

    const keysOf = async (changes: Partial<ListQuery> = {}): Promise<string[]> =>
      ordered((await tier.list({ ...ALL, ...changes })).rows.map(({ head }) => head.key));

    it('misses what it never had', async () => {
      expect(await tier.get('v1:api:/3/movie/1')).toBeUndefined();
      expect(await stats()).toMatchObject({ entries: 0, hits: 0, misses: 1, corrupt: 0, errors: 0 });
    });

    const variants: [string, Entry][] = [
      ['an ordinary entry', sample('v1:api:/3/movie/550?language=de')],
      ['an empty body', sample('v1:api:/3/empty', { body: Buffer.alloc(0) })],
      [
        'a marker with its fields',
        sample('v1:image:/t/p/m', { body: Buffer.alloc(0), marker: true, vary: ['accept', 'origin'] }),
      ],
      [
        'a variant under its primary key',
        sample('v1:image:/a\naccept=webp', { primaryKey: 'v1:image:/a', vary: ['accept'] }),
      ],
      [
        'no headers, no tags, an odd status',
        sample('v1:other:/x', { headers: [], tags: [], status: 599, statusText: '' }),
      ],
      [
        'bytes above ASCII in fields',
        sample('v1:api:/3/ü?q=東京', { headers: ['X-N', 'caf\u00e9 \u00ff'], statusText: 'Schön' }),
      ],
      [
        'all bytes in the body',
        sample('v1:api:/bytes', { body: Buffer.from(Array.from({ length: 512 }, (_, i) => i % 256)) }),
      ],
      ['200 kB', sample('v1:image:/t/p/w780/a.jpg', { body: bodyFor('large', 200_000), class: 'image' })],
      ['a key of 5000 bytes', sample(`v1:api:/3/search/movie?query=${'x'.repeat(5000)}`)],
      [
        'no stale windows and identity',
        sample('v1:api:/zero', {
          memoryFor: 0,
          ageAtStore: 0,
          staleIfError: 0,
          staleWhileRevalidate: 0,
          coding: 'identity',
          recoded: false,
        }),
      ],
    ];
    it.each(variants)('gives back %s exactly', async (_what, entry) => {
      expect(await tier.set(entry)).toBe('stored');
      expectSame(await tier.get(entry.key), entry);
      expect((await tier.list(ALL)).rows).toMatchObject([
        { head: { key: entry.key, tags: entry.tags }, tier: tier.name },
      ]);
    });

    it('keeps no older value under a key whose newer one is of no use any more', async () => {
      await tier.set(sample('v1:k'));
      const nothing = { lifetime: 0, staleIfError: 0, staleWhileRevalidate: 0, headers: [] };
      const useless = sample('v1:k', { status: 404, ...nothing });
      expect(await tier.set(useless)).toBe(made.expires === true ? 'not-admitted' : 'stored');
      expect((await tier.get('v1:k'))?.status).toBe(made.expires === true ? undefined : 404);
    });

    it('gives a body that owns its memory and does not change when the next value is read (I-18)', async () => {
      const keys = ['v1:a', 'v1:b', 'v1:c'];
      for (const key of keys) await tier.set(sample(key, { body: bodyFor(key, 3000) }));
      const read = await Promise.all(keys.map((key) => tier.get(key)));
      for (const [i, entry] of read.entries()) {
        expect(entry?.body.equals(bodyFor(keys[i]!, 3000))).toBe(true);
        expect(entry?.body.buffer.byteLength).toBe(3000);
      }
    });

    it('replaces what lies under the same key and counts it once', async () => {
      await tier.set(sample('v1:k', { body: bodyFor('old', 5000) }));
      const before = (await stats()).bytes;
      await tier.set(sample('v1:k', { body: bodyFor('new', 100), status: 404 }));
      expect(await tier.get('v1:k')).toMatchObject({ status: 404, body: bodyFor('new', 100) });
      const after = await stats();
      expect(after.entries).toBe(1);
      if (made.refresh === undefined) expect(after.bytes).toBe(before - 4900);
    });

    it('ends with the last of many sets of one key made at once', async () => {
      const bodies = Array.from({ length: 50 }, (_, i) => bodyFor(`body ${i}`, 100 + i));
      await Promise.all(bodies.map((body) => tier.set(sample('v1:k', { body }))));
      expect((await tier.get('v1:k'))?.body.equals(bodies[49]!)).toBe(true);
      expect((await stats()).entries).toBe(1);
    });

    it('keeps the order of set, delete and set made at once', async () => {
      const answers = await Promise.all([
        tier.delete('v1:k'),
        tier.set(sample('v1:k')),
        tier.delete('v1:k'),
        tier.delete('v1:k'),
        tier.set(sample('v1:k', { status: 201 })),
      ]);
      expect(answers).toEqual([false, 'stored', true, false, 'stored']);
      expect((await tier.get('v1:k'))?.status).toBe(201);
    });

    it('deletes, and says whether there was something', async () => {
      await tier.set(sample('v1:k'));
      expect(await tier.delete('v1:k')).toBe(true);
      expect(await tier.delete('v1:k')).toBe(false);
      expect(await tier.get('v1:k')).toBeUndefined();
      expect((await stats()).entries).toBe(0);
      if (made.refresh === undefined) expect(tier.stats().bytes).toBe(0);
    });

    it('tells keys apart that differ in one character or in case, also far behind', async () => {
      const long = `v1:api:/3/search?query=${'y'.repeat(3000)}`;
      for (const key of ['v1:a', 'v1:A', 'v1:a ', `${long}1`, `${long}2`]) await tier.set(sample(key));
      expect((await tier.get(`${long}1`))?.key).toBe(`${long}1`);
      expect((await tier.get(`${long}2`))?.key).toBe(`${long}2`);
      expect(await tier.get(long)).toBeUndefined();
      expect(await tier.get('v1:')).toBeUndefined();
      expect((await stats()).entries).toBe(5);
    });

    it('lists page after page, every row, and if it is sorted once and in key order', async () => {
      const keys = Array.from({ length: 120 }, (_, i) => `v1:api:/3/movie/${i}`).sort();
      for (const key of [...keys].reverse()) await tier.set(sample(key));
      const seen: string[] = [];
      let after: string | null = '';
      while (after !== null) {
        const page = await tier.list({ ...ALL, after, limit: 50 });
        seen.push(...page.rows.map(({ head }) => head.key));
        expect(page.rows.length).toBeLessThanOrEqual(50);
        after = page.next;
      }
      expect(ordered(seen)).toEqual(keys);
    });

    it('searches plain substrings and classes, never patterns', async () => {
      await tier.set(sample('v1:api:/3/movie/1', { class: 'detail' }));
      await tier.set(sample('v1:api:/3/movie/2', { class: 'search' }));
      await tier.set(sample('v1:api:/3/tv/.*', { class: 'detail' }));
      expect(await keysOf({ contains: 'movie' })).toEqual(['v1:api:/3/movie/1', 'v1:api:/3/movie/2']);
      expect(await keysOf({ contains: '.*' })).toEqual(['v1:api:/3/tv/.*']);
      expect(await keysOf({ contains: '%' })).toEqual([]);
      expect(await keysOf({ class: 'search' })).toEqual(['v1:api:/3/movie/2']);
      expect(await keysOf({ class: 'detail', contains: 'movie' })).toEqual(['v1:api:/3/movie/1']);
    });

    it('looks at no more keys than scanLimit, and goes on where it stopped', async () => {
      for (let i = 0; i < 30; i += 1) await tier.set(sample(`v1:k${String(i).padStart(2, '0')}`));
      const pages: ListPage[] = [];
      for (let after: string | null = ''; after !== null; after = pages.at(-1)!.next)
        pages.push(await tier.list({ ...ALL, contains: 'k29', scanLimit: 20, after }));
      expect(pages.length).toBeGreaterThan(1);
      expect(pages.flatMap(({ rows }) => rows.map(({ head }) => head.key))).toEqual(['v1:k29']);
      if (!tier.sorted) return;
      expect(pages[0]).toMatchObject({ rows: [], next: 'v1:k19' });
      expect(await keysOf({ contains: 'k29', scanLimit: 20, after: 'v1:k19' })).toEqual(['v1:k29']);
    });

    it('gives every row at any page size, down to one', async () => {
      const keys = Array.from({ length: 40 }, (_, i) => `v1:k${i}`).sort();
      for (const key of keys) await tier.set(sample(key));
      for (const limit of [1, 7, 39, 40]) {
        const seen: string[] = [];
        for (let after: string | null = ''; after !== null; ) {
          const page: ListPage = await tier.list({ ...ALL, after, limit });
          expect(page.rows.length).toBeLessThanOrEqual(limit);
          seen.push(...page.rows.map(({ head }) => head.key));
          after = page.next;
        }
        expect(ordered(seen), `limit ${limit}`).toEqual(keys);
      }
    });

    it('counts the bytes of key, headers, tags and body', async () => {
      await tier.set(
        sample('v1:k', {
          body: bodyFor('k', 10_000),
          headers: ['X-Long', 'v'.repeat(2000)],
          tags: ['t'.repeat(300)],
        }),
      );
      const { rows } = await tier.list(ALL);
      const { bytes } = rows[0]!;
      expect(bytes).toBeGreaterThan(12_300);
      expect(bytes).toBeLessThan(15_000);
      if (made.refresh === undefined) expect(tier.stats().bytes).toBe(bytes);
      else expect((await stats()).bytes).toBeGreaterThan(bytes);
    });

    it('sweeps what the predicate names, and only that', async () => {
      for (let i = 0; i < 700; i += 1)
        await tier.set(sample(`v1:k${i}`, { tags: [i % 7 === 0 ? 'dead' : 'alive'] }));
      expect(await tier.sweep((head) => head.tags.includes('dead'))).toBe(100);
      expect(await tier.sweep((head) => head.tags.includes('dead'))).toBe(0);
      expect((await stats()).entries).toBe(600);
      expect(await tier.get('v1:k7')).toBeUndefined();
      expect(await tier.get('v1:k8')).toBeDefined();
    });

    it('clears everything, says how many there were, and goes on working', async () => {
      for (let i = 0; i < 20; i += 1) await tier.set(sample(`v1:k${i}`));
      expect(await tier.clear()).toBe(20);
      expect(await tier.clear()).toBe(0);
      expect((await stats()).entries).toBe(0);
      if (made.refresh === undefined) expect(tier.stats().bytes).toBe(0);
      expect(await tier.get('v1:k3')).toBeUndefined();
      await tier.set(sample('v1:k3'));
      expect((await tier.get('v1:k3'))?.body.equals(bodyFor('v1:k3', 1000))).toBe(true);
    });

    it('counts hits, misses and writes', async () => {
      await tier.set(sample('v1:k'));
      await tier.get('v1:k');
      await tier.get('v1:k');
      await tier.get('v1:other');
      expect(tier.stats()).toMatchObject({
        hits: 2,
        misses: 1,
        writes: 1,
        evictions: 0,
        corrupt: 0,
        errors: 0,
      });
    });

    it('refuses what is larger than its share without harming the rest', async () => {
      await tier.set(sample('v1:small'));
      const huge = sample('v1:huge', { body: Buffer.alloc(tooLarge()) });
      expect(await tier.set(huge)).toBe('too-large');
      expect(await tier.get('v1:huge')).toBeUndefined();
      expect(await tier.get('v1:small')).toBeDefined();
    });

    it('keeps no older value under a key whose newer one was too large', async () => {
      await tier.set(sample('v1:k'));
      expect(await tier.set(sample('v1:k', { body: Buffer.alloc(tooLarge()) }))).toBe('too-large');
      expect(await tier.get('v1:k')).toBeUndefined();
    });

    it('can be closed twice, and answers with misses afterwards', async () => {
      await tier.set(sample('v1:k'));
      await tier.close();
      await tier.close();
      expect(await tier.get('v1:k')).toBeUndefined();
      expect(await tier.list(ALL)).toMatchObject({ rows: [], next: null });
    });
  });
}
