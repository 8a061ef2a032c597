import { expect, it } from 'vitest';
import { entryBytes, MemoryTier } from '../../../src/tiers/memory.js';
import { NOW, sample } from '../../contract/samples.js';

const tierOf = () => new MemoryTier({ maxBytes: 16 * 1024 * 1024 });

it('recheck reaches every record at once, also those somebody holds, and later ones count again (I-1)', () => {
  const tier = tierOf();
  for (let i = 0; i < 100; i++) tier.setNow(sample(`k${i}`), NOW + 1000);
  const held = tier.peek('k0')!;
  expect(held.until).toBe(NOW + 1000);
  expect(tier.recheck()).toBe(100);
  expect(held.until).toBe(0);
  expect(tier.peek('k99')?.until).toBe(0);
  tier.setNow(sample('k1'), NOW + 2000);
  expect(tier.peek('k1')?.until).toBe(NOW + 2000);
  held.until = NOW + 3000;
  expect(tier.peek('k0')?.until).toBe(NOW + 3000);
  tier.recheck();
  expect(held.until).toBe(0);
});

it('recheck of one tier leaves another alone', () => {
  const [one, other] = [tierOf(), tierOf()];
  other.setNow(sample('k'), NOW + 1000);
  one.recheck();
  expect(other.peek('k')?.until).toBe(NOW + 1000);
});

it('recheckKey reaches that record only', () => {
  const tier = tierOf();
  tier.setNow(sample('a'), NOW + 1000);
  tier.setNow(sample('b'), NOW + 1000);
  tier.recheckKey('a');
  expect([tier.peek('a')?.until, tier.peek('b')?.until]).toEqual([0, NOW + 1000]);
});

it('a look at it counts as a hit only when it was used', () => {
  const tier = tierOf();
  tier.setNow(sample('a'));
  const record = tier.peek('a')!;
  expect(tier.stats().hits).toBe(0);
  tier.use(record);
  tier.getNow('a');
  tier.getNow('b');
  expect(tier.stats()).toMatchObject({ hits: 2, misses: 1 });
});

it('charges what another tier has decoded for its texts, which are each their own', () => {
  const [made, decoded] = [tierOf(), tierOf()];
  made.setNow(sample('a'));
  decoded.bringNow(sample('a'), NOW + 1000);
  expect(decoded.stats().bytes - made.stats().bytes).toBe(1000);
  expect([decoded.peek('a')?.until, decoded.peek('a')?.checked]).toEqual([NOW + 1000, 0]);
});

it('charges the key, every field and the body, and never grows beyond its bytes (I-17)', async () => {
  const head = sample('k', { headers: ['a', 'b'] });
  const more = { ...head, key: 'kk', primaryKey: 'kk', headers: ['a', 'b', 'cc', 'ddd'] };
  expect(entryBytes(more, 10) - entryBytes(head, 0)).toBeGreaterThanOrEqual(10 + 1 + 5);
  const tier = new MemoryTier({ maxBytes: 200_000 });
  for (let i = 0; i < 2000; i++) {
    expect(tier.setNow(sample(`unique ${i}`))).toBe('stored');
    expect(tier.stats().bytes).toBeLessThanOrEqual(200_000);
  }
  expect(tier.stats().entries + tier.stats().evictions).toBe(2000);
});

it('lists in order of keys, page by page, while others get their turn', async () => {
  const tier = new MemoryTier({ maxBytes: 64 * 1024 * 1024 });
  const body = Buffer.alloc(0);
  for (let i = 0; i < 5000; i++) tier.setNow(sample(`k${(i * 7919) % 5000}`, { body }));
  let turns = 0;
  const counting = setInterval(() => turns++, 0);
  const keys: string[] = [];
  let after: string | null = '';
  while (after !== null) {
    const page = await tier.list({ after, limit: 700, contains: '', scanLimit: 900 });
    keys.push(...page.rows.map(({ head }) => head.key));
    after = page.next;
  }
  clearInterval(counting);
  expect(keys).toEqual(Array.from({ length: 5000 }, (_, i) => `k${i}`).sort());
  expect(turns).toBeGreaterThan(0);
});
