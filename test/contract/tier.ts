import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../src/tiers/entry.js';
import type { ListQuery, Tier } from '../../src/tiers/tier.js';
import { bodyFor, sample } from './samples.js';

export interface MadeTier {
  readonly tier: Tier;
  /** Releases what belongs to the test and not to the tier. */
  readonly dispose?: () => Promise<void>;
}

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

    const keysOf = async (changes: Partial<ListQuery> = {}): Promise<string[]> =>
      (await tier.list({ ...ALL, ...changes })).rows.map(({ head }) => head.key);

    it('misses what it never had', async () => {
      expect(await tier.get('v1:api:/3/movie/1')).toBeUndefined();
      expect(tier.stats()).toMatchObject({ entries: 0, hits: 0, misses: 1, corrupt: 0, errors: 0 });
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
        sample('v1:image:/a#accept=webp', { primaryKey: 'v1:image:/a', vary: ['accept'] }),
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
        'zero times and identity',
        sample('v1:api:/zero', {
          lifetime: 0,
          staleIfError: 0,
          staleWhileRevalidate: 0,
          coding: 'identity',
          recoded: false,
        }),
      ],
    ];
    it.each(variants)('gives back %s exactly', async (_what, entry) => {
      expect(await tier.set(entry)).toBe('stored');
      expect(await tier.get(entry.key)).toEqual(entry);
      expect((await tier.list(ALL)).rows).toMatchObject([
        { head: { key: entry.key, tags: entry.tags }, tier: tier.name },
      ]);
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
      const before = tier.stats().bytes;
      await tier.set(sample('v1:k', { body: bodyFor('new', 100), status: 404 }));
      expect(await tier.get('v1:k')).toMatchObject({ status: 404, body: bodyFor('new', 100) });
      expect(tier.stats().entries).toBe(1);
      expect(tier.stats().bytes).toBe(before - 4900);
    });

    it('ends with the last of many sets of one key made at once', async () => {
      const bodies = Array.from({ length: 50 }, (_, i) => bodyFor(`body ${i}`, 100 + i));
      await Promise.all(bodies.map((body) => tier.set(sample('v1:k', { body }))));
      expect((await tier.get('v1:k'))?.body.equals(bodies[49]!)).toBe(true);
      expect(tier.stats().entries).toBe(1);
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
      expect(tier.stats()).toMatchObject({ entries: 0, bytes: 0 });
    });

    it('tells keys apart that differ in one character or in case, also far behind', async () => {
      const long = `v1:api:/3/search?query=${'y'.repeat(3000)}`;
      for (const key of ['v1:a', 'v1:A', 'v1:a ', `${long}1`, `${long}2`]) await tier.set(sample(key));
      expect((await tier.get(`${long}1`))?.key).toBe(`${long}1`);
      expect((await tier.get(`${long}2`))?.key).toBe(`${long}2`);
      expect(await tier.get(long)).toBeUndefined();
      expect(await tier.get('v1:')).toBeUndefined();
      expect(tier.stats().entries).toBe(5);
    });

    it('lists in key order, page after page, each row once', async () => {
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
      expect(seen).toEqual(keys);
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
      const first = await tier.list({ ...ALL, contains: 'k29', scanLimit: 20 });
      expect(first).toEqual({ rows: [], next: 'v1:k19' });
      expect(await keysOf({ contains: 'k29', scanLimit: 20, after: 'v1:k19' })).toEqual(['v1:k29']);
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
      expect(tier.stats().bytes).toBeGreaterThan(12_300);
      expect(tier.stats().bytes).toBeLessThan(15_000);
      expect(rows[0]!.bytes).toBe(tier.stats().bytes);
    });

    it('sweeps what the predicate names, and only that', async () => {
      for (let i = 0; i < 700; i += 1)
        await tier.set(sample(`v1:k${i}`, { tags: [i % 7 === 0 ? 'dead' : 'alive'] }));
      expect(await tier.sweep((head) => head.tags.includes('dead'))).toBe(100);
      expect(await tier.sweep((head) => head.tags.includes('dead'))).toBe(0);
      expect(tier.stats().entries).toBe(600);
      expect(await tier.get('v1:k7')).toBeUndefined();
      expect(await tier.get('v1:k8')).toBeDefined();
    });

    it('clears everything, says how many there were, and goes on working', async () => {
      for (let i = 0; i < 20; i += 1) await tier.set(sample(`v1:k${i}`));
      expect(await tier.clear()).toBe(20);
      expect(await tier.clear()).toBe(0);
      expect(tier.stats()).toMatchObject({ entries: 0, bytes: 0 });
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
      const huge = sample('v1:huge', { body: Buffer.alloc(tier.stats().maxBytes) });
      expect(await tier.set(huge)).toBe('too-large');
      expect(await tier.get('v1:huge')).toBeUndefined();
      expect(await tier.get('v1:small')).toBeDefined();
    });

    it('keeps no older value under a key whose newer one was too large', async () => {
      await tier.set(sample('v1:k'));
      expect(await tier.set(sample('v1:k', { body: Buffer.alloc(tier.stats().maxBytes) }))).toBe('too-large');
      expect(await tier.get('v1:k')).toBeUndefined();
    });

    it('can be closed twice, and answers with misses afterwards', async () => {
      await tier.set(sample('v1:k'));
      await tier.close();
      await tier.close();
      expect(await tier.get('v1:k')).toBeUndefined();
      expect(await tier.list(ALL)).toEqual({ rows: [], next: null });
    });
  });
}
