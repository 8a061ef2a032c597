import published from 'http-cache-tests/results/index.mjs';
import suites from 'http-cache-tests/tests/index.mjs';
import { describe, expect, it } from 'vitest';
import {
  type Classified,
  classify,
  type Results,
  type Suite,
  score,
  total,
} from '../../conformance/classify.js';
import { publishedRows } from '../../conformance/published.js';

const SUITE: Suite = {
  id: 'suite',
  name: 'A suite',
  tests: [
    { id: 'basis', name: 'required when no kind is given' },
    { id: 'leaf', name: 'rests on it', kind: 'optimal', depends_on: ['basis'] },
    { id: 'twig', name: 'rests on what rests on it', depends_on: ['leaf'] },
    { id: 'look', name: 'only looks', kind: 'check' },
    { id: 'browser', name: 'of no concern here', browser_only: true },
  ],
};
const outcomes = (results: Results) =>
  Object.fromEntries(classify([SUITE], results).map(({ id, outcome }) => [id, outcome]));

describe('a test is classified by the rules of the suite', () => {
  it('without a kind it is required; what is for browsers is left out', () => {
    const kinds = classify([SUITE], {}).map(({ id, kind }) => [id, kind]);
    expect(kinds).toEqual([
      ['basis', 'required'],
      ['leaf', 'optimal'],
      ['twig', 'required'],
      ['look', 'check'],
    ]);
  });

  it('what was never run has not passed', () => {
    expect(outcomes({})).toEqual({ basis: 'not run', leaf: 'not run', twig: 'not run', look: 'not run' });
  });

  it.each([
    [true, 'passed'],
    [['Assertion', 'Response 2 comes from cache'], 'failed'],
    [['FetchError', 'network timeout'], 'failed'],
    [['Setup', 'Response 1 status is 502, not 200'], 'setup failed'],
    [['Setup', 'retry'], 'repeated by the proxy'],
  ] as const)('%j is %s', (result, outcome) => {
    expect(outcomes({ basis: result })).toMatchObject({ basis: outcome });
  });

  it('what rests on a test that failed has not passed, through any number of steps', () => {
    const failed = ['Assertion', 'no'] as const;
    expect(outcomes({ basis: failed, leaf: true, twig: true })).toMatchObject({
      leaf: 'dependency failed',
      twig: 'dependency failed',
    });
  });

  it('the message of a failure is kept', () => {
    const [basis] = classify([SUITE], { basis: ['Assertion', 'Response 2 comes from cache'] });
    expect(basis).toMatchObject({ message: 'Response 2 comes from cache' });
  });
});

describe('a score', () => {
  const test = (kind: Classified['kind'], outcome: Classified['outcome']): Classified => ({
    id: 'x',
    kind,
    outcome,
    message: '',
  });

  it('counts passes of both kinds, and says how many have no result; a check counts for nothing', () => {
    const tests = [
      test('required', 'passed'),
      test('required', 'setup failed'),
      test('required', 'not run'),
      test('optimal', 'passed'),
      test('optimal', 'passed'),
      test('optimal', 'dependency failed'),
      test('check', 'passed'),
      test('check', 'not run'),
    ];
    expect(score(tests)).toEqual({ required: 1, optimal: 2, notRun: 1 });
    expect(total(tests)).toEqual({ required: 3, optimal: 3, check: 2 });
  });

  it('the release has 157 required and 86 optimal tests for a shared cache', () => {
    expect(total(classify(suites, {}))).toEqual({ required: 157, optimal: 86, check: 86 });
  });
});

describe('the results of other caches that the package brings', () => {
  it('are classified like ours: shared caches only, best first, and none reaches every required test', () => {
    const rows = publishedRows(suites);
    expect(rows).toHaveLength(published.filter(({ type }) => type !== 'browser').length);
    const sums = rows.map(({ required, optimal }) => required + optimal);
    expect(sums).toEqual([...sums].sort((a, b) => b - a));
    for (const { required, optimal } of rows) {
      expect(required).toBeGreaterThan(50);
      expect(required).toBeLessThan(157);
      expect(optimal).toBeLessThan(86);
    }
  });
});
