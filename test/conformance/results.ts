import { readFileSync } from 'node:fs';
import type { Row } from './published.js';

/** What documents are printed from (scripts/docs/print-conformance.mjs): no dates and no machine, so that only a change of results changes it. */
export interface Kept {
  /** Version of the suite's npm release. */
  readonly suite: string;
  /** How many tests of each kind there are. */
  readonly required: number;
  readonly optimal: number;
  /** One row for each mode. */
  readonly ours: readonly Row[];
  /** By the results that the release brings. */
  readonly others: readonly Row[];
}

export const RESULTS_FILE = new URL('results.json', import.meta.url).pathname;

/** The text of the file, one row a line. */
export function keptText({ ours, others, ...rest }: Kept): string {
  const lines = (rows: readonly Row[]) => rows.map((row) => `    ${lineOf(row)}`).join(',\n');
  const head = Object.entries(rest).map(
    ([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)},`,
  );
  return [
    '{',
    ...head,
    `  "ours": [\n${lines(ours)}\n  ],`,
    `  "others": [\n${lines(others)}\n  ]`,
    '}',
    '',
  ].join('\n');
}

/** As the formatter wants it. */
function lineOf(row: Row): string {
  const fields = Object.entries(row).map(
    ([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`,
  );
  return `{ ${fields.join(', ')} }`;
}

/** What the file says at present; '' without one. */
export function writtenText(): string {
  try {
    return readFileSync(RESULTS_FILE, 'utf8');
  } catch {
    return '';
  }
}
