import { determineTestResult } from 'http-cache-tests/lib/display.mjs';

/** `required` when the suite names none; `check` only looks and is never counted. */
export type Kind = 'required' | 'optimal' | 'check';

export interface SuiteTest {
  readonly id: string;
  readonly name: string;
  readonly kind?: Kind;
  readonly browser_only?: boolean;
  readonly depends_on?: readonly string[];
}

export interface Suite {
  readonly id: string;
  readonly name: string;
  readonly tests: readonly SuiteTest[];
}

/** What the suite's client says of one test: passed, or the kind of failure and its message. */
export type Result = true | readonly [name: string, message: string];
export type Results = Readonly<Record<string, Result>>;

export type Outcome =
  | 'passed'
  | 'failed'
  | 'setup failed'
  | 'dependency failed'
  | 'repeated by the proxy'
  | 'harness failed'
  | 'not run';

export interface Classified {
  readonly id: string;
  readonly kind: Kind;
  readonly outcome: Outcome;
  /** What the client said; empty for a test that passed or was not run. */
  readonly message: string;
}

export interface Score {
  readonly required: number;
  readonly optimal: number;
  /** Required and optimal tests without a result. */
  readonly notRun: number;
}

/** By the sign of the suite's own table (lib/display.mjs, `resultTypes`). */
const OUTCOMES: Readonly<Record<string, Outcome>> = {
  '✅': 'passed',
  Y: 'passed',
  '⛔️': 'failed',
  '⚠️': 'failed',
  N: 'failed',
  '🔹': 'setup failed',
  '⚪️': 'dependency failed',
  '↻': 'repeated by the proxy',
  '⁉️': 'harness failed',
  '-': 'not run',
};

/** Every test that concerns a shared cache, classified by the suite's own code, in the suite's order. */
export function classify(suites: readonly Suite[], results: Results): Classified[] {
  return suites.flatMap(({ tests }) =>
    tests
      .filter((test) => test.browser_only !== true)
      .map(({ id, kind = 'required' }) => {
        const sign = determineTestResult(suites, id, results)[2];
        const outcome = OUTCOMES[sign];
        if (outcome === undefined) throw new Error(`the suite has a new outcome, ${sign}`);
        const result = results[id];
        return { id, kind, outcome, message: result === undefined || result === true ? '' : result[1] };
      }),
  );
}

/** How many tests of each kind passed. */
export function score(tests: readonly Classified[]): Score {
  const passed = (kind: Kind) =>
    tests.filter((test) => test.kind === kind && test.outcome === 'passed').length;
  const notRun = tests.filter(({ kind, outcome }) => kind !== 'check' && outcome === 'not run').length;
  return { required: passed('required'), optimal: passed('optimal'), notRun };
}

/** How many tests of each kind there are. */
export function total(tests: readonly Classified[]): Readonly<Record<Kind, number>> {
  const of = (kind: Kind) => tests.filter((test) => test.kind === kind).length;
  return { required: of('required'), optimal: of('optimal'), check: of('check') };
}
