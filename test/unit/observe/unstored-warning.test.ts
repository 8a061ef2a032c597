import { expect, it } from 'vitest';
import type { Outcome } from '../../../src/cache/outcome.js';
import { UnstoredWarning } from '../../../src/observe/unstored-warning.js';

const MISS = { result: 'miss', served: 'origin', class: 'other', stored: false } as const;
const OWN: Outcome = { ...MISS, noStore: 'unkeyed-field' };

/** How often is warned of after these outcomes, the last many times. */
function warnings(...outcomes: readonly Outcome[]): number[] {
  const told: number[] = [];
  const warning = new UnstoredWarning((answers) => told.push(answers));
  for (const outcome of outcomes) warning.saw(outcome);
  for (let i = 0; i < 5000; i++) warning.saw(outcomes.at(-1)!);
  return told;
}

it('a site whose every request has a field that keeps its answer from being stored says so, once', () => {
  expect(warnings(OWN)).toEqual([1000]);
  expect(
    warnings({ ...MISS, noStore: 'no-store' }, { ...MISS, result: 'bypass', pass: 'method' }, OWN),
  ).toEqual([1000]);
});

it('where anything is stored nothing is said', () => {
  expect(warnings({ ...MISS, stored: true }, OWN)).toEqual([]);
  expect(warnings({ ...MISS, result: 'hit', served: 'memory' }, OWN)).toEqual([]);
  expect(warnings({ ...MISS, noStore: 'private' })).toEqual([]);
});
