import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';

type Plain = string | number | boolean;

/** One line of a report. */
export interface ReportField {
  readonly value: Plain;
  /** `ms`, `bytes`, `requests/s`… A plain number whose name ends in `_ms`, `_s` or `_bytes` needs none. */
  readonly unit?: string;
  /** Whether what was promised was kept; leave it out where nothing was promised. */
  readonly ok?: boolean;
  /** What was promised, for people: `at most 2000`. */
  readonly bound?: string;
}

export type ReportFields = Readonly<Record<string, Plain | ReportField>>;

/**
 * Hands what a scenario measured to `npm run scenario`, which prints it; does nothing in `npm test`. Call it before the
 * expectations, so that a scenario that fails still shows its numbers, and once for each part of a scenario.
 */
export async function report(name: string, fields: ReportFields): Promise<void> {
  const path = process.env.SCENARIO_REPORT;
  if (path === undefined || path === '') return;
  const before: unknown[] = existsSync(path) ? JSON.parse(await readFile(path, 'utf8')) : [];
  await writeFile(path, JSON.stringify([...before, { name, fields }], undefined, 2));
}
