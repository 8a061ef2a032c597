import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RedisLink } from '../../../src/redis/link.js';
import { ageAt } from '../../../src/tiers/entry.js';
import { LARGE_BYTES, LargeValues } from '../../../src/tiers/redis-large.js';
import { KeyTurns } from '../../../src/tiers/redis-turns.js';
import { decodeValue, decodeValueHead, encodeValue } from '../../../src/tiers/redis-value.js';
import { NOW, sample } from '../../contract/samples.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

const DAY = 86_400_000;
const entry = sample('v1:k', { ageAtStore: 12_000, lifetime: 3_600_000, staleIfError: 2_000_000 });

describe('a value in Redis', () => {
  it('lives for the rest of its freshness and the longest stale window, in whole ms', () => {
    expect(encodeValue(entry, NOW).px).toBe(3_600_000 - 12_000 + 2_000_000);
    expect(encodeValue(entry, NOW + 1000.5).px).toBe(5_587_000 - 1 + 12_000 - 12_000 + 0);
    expect(encodeValue(sample('v1:k'), NOW + DAY).px).toBeLessThan(0);
  });

  it('has the age its writer would give it, whatever the clocks of writer and reader say (I-13, I-11)', () => {
    const skew = fc.integer({ min: -10 * DAY, max: 10 * DAY });
    const lain = fc.integer({ min: 0, max: 5_000_000 });
    fc.assert(
      fc.property(skew, fc.integer({ min: 0, max: 60_000 }), lain, (readerSkew, delay, ms) => {
        const { bytes, px } = encodeValue(entry, NOW + delay);
        const readerNow = NOW + delay + ms + readerSkew;
        const read = decodeValue(bytes, px - ms, readerNow);
        expect(read.ok && ageAt(read.value, readerNow)).toBe(ageAt(entry, NOW + delay + ms));
      }),
    );
  });

  it('is a miss when its TTL was taken away or made longer: nobody can tell its age then (I-11)', () => {
    const { bytes, px } = encodeValue(entry, NOW);
    expect(decodeValue(bytes, -1, NOW)).toEqual({ ok: false, reason: 'no-ttl' });
    expect(decodeValue(bytes, px + 1, NOW)).toEqual({ ok: false, reason: 'no-ttl' });
    expect(decodeValue(bytes, -2, NOW)).toEqual({ ok: false, reason: 'gone' });
    expect(decodeValue(Buffer.alloc(0), -2, NOW)).toEqual({ ok: false, reason: 'gone' });
  });

  it('is never anything but itself or a miss when any byte is changed or the end is missing (I-25)', () => {
    const { bytes, px } = encodeValue(entry, NOW);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(bytes);
        changed[at]! ^= flip;
        const read = decodeValue(changed, px, NOW);
        // Header bytes that are no part of the entry: reserved, fence, times. The entry itself is intact or refused.
        if (read.ok) expect({ ...read.value, storedAt: NOW }).toEqual(entry);
        expect(read.ok && at >= 32).toBe(false);
      }),
    );
    for (let end = 0; end < bytes.length; end += 37)
      expect(decodeValue(bytes.subarray(0, end), px, NOW).ok).toBe(false);
  });

  it('of another version is a miss', () => {
    const { bytes, px } = encodeValue(entry, NOW);
    bytes.writeUInt8(2, 4);
    expect(decodeValue(bytes, px, NOW)).toEqual({ ok: false, reason: 'other-schema' });
    expect(decodeValueHead(bytes, px, NOW)).toEqual({ ok: false, reason: 'other-schema' });
  });
});

describe('turns of one key', () => {
  it('run one after the other, also after a failure, and leave nothing behind', async () => {
    const turns = new KeyTurns(new FakeClock());
    const order: string[] = [];
    let release = () => {};
    const first = turns.run('k', 100, async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      order.push('first');
      throw new Error('failed');
    });
    const second = turns.run('k', 100, async () => order.push('second'));
    const other = turns.run('other', 100, async () => order.push('other'));
    await other;
    release();
    await expect(first).rejects.toThrow('failed');
    await second;
    expect(order).toEqual(['other', 'first', 'second']);
    await settle();
    expect(turns.size).toBe(0);
  });

  it('end together when the server hangs: a queue does not add up deadlines (I-14)', async () => {
    const clock = new FakeClock();
    const turns = new KeyTurns(clock);
    const hanging = () =>
      new Promise<never>((_, reject) => clock.after(100, () => reject(new Error('no answer'))));
    const all = Array.from({ length: 5 }, () => turns.run('k', 100, hanging).catch((error) => error.message));
    clock.advance(100);
    const [first, ...waiting] = await Promise.all(all);
    expect(first).toBe('no answer');
    for (const message of waiting) expect(message).toMatch(/waited 100 ms/);
  });
});

describe('links for large bodies', () => {
  const links = ['a', 'b', 'c'] as unknown as RedisLink[];

  it('are taken by the fewest under way, in turn among equals', async () => {
    const large = new LargeValues(links);
    const used: unknown[] = [];
    const never = (link: RedisLink) => {
      used.push(link);
      return new Promise<never>(() => {});
    };
    const now = async (link: RedisLink) => used.push(link);
    void large.use(never);
    void large.use(never);
    await large.use(now);
    await large.use(now);
    await large.use(now);
    expect(used).toEqual(['a', 'b', 'c', 'c', 'c']);
  });

  it('are free again after a failure', async () => {
    const large = new LargeValues(links.slice(0, 2));
    await expect(large.use(() => Promise.reject(new Error('x')))).rejects.toThrow('x');
    const used: unknown[] = [];
    for (let i = 0; i < 4; i += 1) await large.use(async (link) => used.push(link));
    expect(used).toEqual(['b', 'a', 'b', 'a']);
  });

  it('are remembered per key as long as its value is large', () => {
    const large = new LargeValues(links);
    large.note('k', LARGE_BYTES + 1);
    expect(large.knows('k')).toBe(true);
    large.note('k', LARGE_BYTES);
    expect(large.knows('k')).toBe(false);
  });
});
