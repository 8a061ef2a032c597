import type { Classified } from './classify.js';

/** A test that we do not pass, and why we should not. It excuses exactly the behaviour it names, nothing else. */
export interface Exception {
  readonly id: string;
  readonly kind: 'required' | 'optimal';
  /** The section that the test contradicts, or that our behaviour follows. */
  readonly rfc: string;
  /** What convinces a sceptic. */
  readonly reason: string;
  /** What the suite's client says of it. */
  readonly message: string;
  /** Status of our answer to the last request that the test made. */
  readonly status: number;
}

/** A required or optimal test that did not pass. */
export interface Finding {
  readonly test: Classified;
  readonly statuses: readonly number[];
  /** The entry that excuses it. */
  readonly exception?: Exception;
}

export interface Verdict {
  readonly findings: readonly Finding[];
  /** What is wrong with the exceptions themselves; an exception that is not needed is one of these. */
  readonly complaints: readonly string[];
}

/** Holds what came of the tests against the exceptions. */
export function judge(
  tests: readonly Classified[],
  statuses: Readonly<Record<string, readonly number[]>>,
  exceptions: readonly Exception[],
): Verdict {
  const findings = tests
    .filter(({ kind, outcome }) => kind !== 'check' && outcome !== 'passed')
    .map((test): Finding => {
      const seen = statuses[test.id] ?? [];
      const exception = exceptions.find((candidate) => excuses(candidate, test, seen));
      return { test, statuses: seen, ...(exception && { exception }) };
    });
  return { findings, complaints: complaintsAbout(tests, exceptions) };
}

/** The tests that are not excused: an empty list and no complaint is what `npm run conformance` wants. */
export function notExcused(verdict: Verdict): string[] {
  return verdict.findings.filter(({ exception }) => exception === undefined).map(({ test }) => test.id);
}

function excuses(exception: Exception, test: Classified, statuses: readonly number[]): boolean {
  return (
    exception.id === test.id && exception.message === test.message && exception.status === statuses.at(-1)
  );
}

function complaintsAbout(tests: readonly Classified[], exceptions: readonly Exception[]): string[] {
  return exceptions.flatMap(({ id, kind, rfc, reason }, i) => {
    const test = tests.find((candidate) => candidate.id === id);
    if (test === undefined) return [`${id}: the suite has no such test`];
    const complaints = [];
    if (test.outcome === 'passed') complaints.push(`${id}: it passes, so its exception must go`);
    if (test.kind !== kind) complaints.push(`${id}: it is ${test.kind}, not ${kind}`);
    if (rfc.trim() === '' || reason.trim() === '') complaints.push(`${id}: no section or no reason is given`);
    if (exceptions.findIndex((other) => other.id === id) !== i) complaints.push(`${id}: it is listed twice`);
    return complaints;
  });
}
