import { describe, expect, it } from 'vitest';
import { orderOf } from '../../../bench/lib/order.mjs';
import { median, pairedRatio, quantile } from '../../../bench/lib/statistics.mjs';
import { traceOf, zipf } from '../../../bench/lib/trace.mjs';

describe('medians and ratios of rounds', () => {
  it('takes the middle, whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it('takes quantiles as the value at that share', () => {
    const values = Array.from({ length: 100 }, (_, n) => n);
    expect(quantile(values, 0.5)).toBe(50);
    expect(quantile(values, 0.99)).toBe(99);
    expect(quantile(values, 1)).toBe(99);
  });

  it('pairs rounds, so that a slow minute of the machine does not count for one side alone', () => {
    // The second half of the run was three times slower for both; the ratio of medians would be 2.
    expect(pairedRatio([200, 200, 66, 66], [100, 100, 33, 33])).toEqual({ median: 2, min: 2, max: 2 });
    // Medians over rounds would say 1: here each round says 2 or 1/2.
    expect(pairedRatio([20, 10, 20], [10, 20, 10])).toEqual({ median: 2, min: 0.5, max: 2 });
  });

  it('leaves out rounds that one side lacks, and says nothing without a common one', () => {
    expect(pairedRatio([10, undefined, 30], [10, 10, 10])?.median).toBe(2);
    expect(pairedRatio([10], [undefined])).toBeUndefined();
    expect(pairedRatio([10], [0])).toBeUndefined();
  });
});

describe('the order of a round', () => {
  it('holds every target once', () => {
    for (let round = 0; round < 10; round += 1) {
      expect([...orderOf(['a', 'b', 'c'], round)].sort()).toEqual(['a', 'b', 'c']);
    }
  });

  it('gives first place to each target and turns neighbours round', () => {
    const orders = [0, 1, 2, 3].map((round) => orderOf(['a', 'b', 'c'], round).join(''));
    expect(orders).toEqual(['abc', 'acb', 'cab', 'cba']);
  });

  it('leaves the list itself alone', () => {
    const targets = ['a', 'b'];
    orderOf(targets, 1);
    expect(targets).toEqual(['a', 'b']);
    expect(orderOf([], 3)).toEqual([]);
  });
});

describe('traces', () => {
  const settings = {
    length: 20_000,
    hot: Array.from({ length: 100 }, (_, n) => `h${n}`),
    cold: Array.from({ length: 1000 }, (_, n) => `c${n}`),
    fresh: (n: number) => `f${n}`,
    coldShare: 0.04,
    freshShare: 0.01,
    exponent: 0.9,
    seed: 5,
  };

  it('is the same on every run', () => {
    expect(traceOf(settings)).toEqual(traceOf(settings));
  });

  it('keeps the shares of hits, of what is in L2 only, and of misses', () => {
    const trace = traceOf(settings);
    const share = (letter: string) => trace.filter((path) => path.startsWith(letter)).length / trace.length;
    expect(share('h')).toBeCloseTo(0.95, 2);
    expect(share('c')).toBeCloseTo(0.04, 2);
    expect(share('f')).toBeCloseTo(0.01, 2);
  });

  it('never asks for a fresh path twice', () => {
    const fresh = traceOf(settings).filter((path) => path.startsWith('f'));
    expect(new Set(fresh).size).toBe(fresh.length);
  });

  it('draws ranks by Zipf’s law', () => {
    let state = 0;
    const even = () => {
      state = (state + 0.618_033_988_75) % 1;
      return state;
    };
    const rank = zipf(1000, 1, even);
    const counts = new Array<number>(1000).fill(0);
    for (let i = 0; i < 100_000; i += 1) counts[rank()]! += 1;
    expect(counts[0]! / counts[1]!).toBeCloseTo(2, 1);
    expect(counts[0]! / counts[9]!).toBeCloseTo(10, 0);
    expect(counts.every((count) => count >= 0)).toBe(true);
  });
});
