// Medians, and ratios that are taken round by round before they are summed up: what slows one round slows both sides of it.

/** @param {readonly number[]} values @returns {number} the middle one, the mean of the two middle ones; NaN without any */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** @param {readonly number[]} values @param {number} q from 0 to 1 */
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/**
 * @typedef {object} Ratio
 * @property {number} median
 * @property {number} min
 * @property {number} max
 */

/**
 * Ratio of two targets, paired by round. A round that only one of them has does not count.
 * @param {readonly (number | undefined)[]} ours by round
 * @param {readonly (number | undefined)[]} theirs by round
 * @returns {Ratio | undefined} undefined without a common round
 */
export function pairedRatio(ours, theirs) {
  const ratios = [];
  for (let round = 0; round < ours.length; round += 1) {
    const [a, b] = [ours[round], theirs[round]];
    if (a !== undefined && b !== undefined && b > 0) ratios.push(a / b);
  }
  if (ratios.length === 0) return undefined;
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
}

/** The same numbers on every run, from 0 to 1. @param {number} seed @returns {() => number} */
export function seeded(seed) {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
