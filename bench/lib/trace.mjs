// Made-up traces, the same on every run.
import { seeded } from './statistics.mjs';

/**
 * Ranks by Zipf's law: rank r is drawn with a probability proportional to 1 / (r + 1)^exponent.
 * @param {number} count @param {number} exponent @param {() => number} random
 * @returns {() => number} ranks from 0
 */
export function zipf(count, exponent, random) {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank += 1) {
    sum += 1 / (rank + 1) ** exponent;
    sums[rank] = sum;
  }
  return () => {
    const wanted = random() * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/**
 * A trace of three sorts of paths.
 * @param {{ length: number, hot: readonly string[], cold: readonly string[], fresh: (n: number) => string, coldShare: number, freshShare: number, exponent: number, seed: number }} options
 *   hot ones are drawn by Zipf's law, cold ones in turn (so none is soon asked for again), fresh ones never occurred before
 * @returns {string[]}
 */
export function traceOf({ length, hot, cold, fresh, coldShare, freshShare, exponent, seed }) {
  const random = seeded(seed);
  const rank = zipf(hot.length, exponent, random);
  const trace = [];
  let [nextCold, nextFresh] = [0, 0];
  for (let at = 0; at < length; at += 1) {
    const sort = random();
    if (sort < freshShare) trace.push(fresh(nextFresh++));
    else if (sort < freshShare + coldShare) trace.push(cold[nextCold++ % cold.length]);
    else trace.push(hot[rank()]);
  }
  return trace;
}
