/**
 * The order of one round: rotated by one each round, every second round reversed, so that no target always comes first or
 * always follows the same neighbour.
 * @template T @param {readonly T[]} items @param {number} round from 0
 * @returns {T[]}
 */
export function orderOf(items, round) {
  const shift = items.length === 0 ? 0 : round % items.length;
  const rotated = [...items.slice(shift), ...items.slice(0, shift)];
  return round % 2 === 0 ? rotated : rotated.reverse();
}
