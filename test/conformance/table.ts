import type { Kind } from './classify.js';
import type { Row } from './published.js';
import type { Finding } from './verdict.js';

const NUMBER_WIDTH = 10;

/** Rows under a heading, names and numbers aligned. A column for tests without a result appears when a row has some. */
export function table(heading: string, rows: readonly Row[]): string[] {
  const width = Math.max(heading.length, ...rows.map(({ name }) => name.length));
  const partly = rows.some(({ notRun }) => notRun > 0);
  const line = (name: string, ...cells: (number | string)[]) =>
    [name.padEnd(width), ...cells.map((cell) => String(cell).padStart(NUMBER_WIDTH))].join('').trimEnd();
  return [
    line(heading, 'required', 'optimal', ...(partly ? ['not run'] : [])),
    ...rows.map((row) =>
      line(row.name, row.required, row.optimal, ...(partly ? [row.notRun === 0 ? '' : row.notRun] : [])),
    ),
  ];
}

/** What a run covers, in words. */
export function scope(
  version: string,
  totals: Readonly<Record<Kind, number>>,
  browserOnly: number,
): string[] {
  return [
    `http-cache-tests ${version}, classified by its own code: ${totals.required} required and ${totals.optimal} optimal tests.`,
    `Not counted: ${totals.check} that only look, ${browserOnly} for browsers, and the suite surrogate-control, which is not of tests/index.mjs.`,
  ];
}

/** One test that did not pass: what happened, and what excuses it. */
export function findingLines({ test, statuses, exception }: Finding): string[] {
  const answers = statuses.length === 0 ? 'no answer' : `answers ${statuses.join(', ')}`;
  const message = test.message === '' ? '' : `: ${test.message}`;
  const why = exception === undefined ? 'NOT EXCUSED' : `${exception.rfc}: ${exception.reason}`;
  return [`  ${test.id} (${test.kind}, ${test.outcome}; ${answers})${message}`, `    ${why}`];
}
