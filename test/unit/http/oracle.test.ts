import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CASES } from './oracle-cases.js';
import { compare, explains } from './oracle-compare.js';
import { DIFFERENCES } from './oracle-differences.js';
import { oracles, ours } from './oracle-judges.js';

/** `ORACLE_SEED=2` tries other cases; a failure prints what repeats it. */
const USUAL_SEED = 9111;
const SEED = Number(process.env.ORACLE_SEED ?? USUAL_SEED);
const RUNS = 12_000;

it(`agrees with http-cache-semantics in ${RUNS} cases but for listed differences, each of which is needed`, () => {
  const needed = new Set<string>();
  let reached = 0;
  let reused = 0;
  fc.assert(
    fc.property(CASES, (given) => {
      const [mine, theirs] = [ours(given), oracles(given)];
      const compared = compare(mine, theirs, given.method);
      if (compared.reached) reached++;
      if (compared.reached && mine.reuse) reused++;
      for (const found of compared.found) {
        const reasons = DIFFERENCES.filter((difference) => explains(difference, found, given, theirs));
        if (reasons.length === 0) {
          throw new Error(`${found.check}: ours is ${found.ours}: ${JSON.stringify({ mine, theirs })}`);
        }
        if (reasons.length === 1) needed.add(reasons[0]!.name);
      }
    }),
    { seed: SEED, numRuns: RUNS },
  );
  // An entry that alone explains nothing is no difference any more; under another seed a rare one may miss its turn.
  if (SEED === USUAL_SEED)
    expect(DIFFERENCES.filter(({ name }) => !needed.has(name)).map(({ name }) => name)).toEqual([]);
  // The comparison is not empty: this many cases were followed to the last question, and answered either way.
  expect(reached).toBeGreaterThan(RUNS / 5);
  expect(reused).toBeGreaterThan(RUNS / 50);
});
