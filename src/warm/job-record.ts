import type { ExportChoice } from './export-list.js';
import { WARM_STATUSES, type WarmStatus } from './job.js';

/** What became of targets. */
export interface Counts {
  readonly hits: number;
  readonly filled: number;
  readonly skipped: number;
  readonly errors: number;
}

/** Where a job has come to in its list. */
export interface Position {
  /** Lines that are done without a gap, and the byte at which the next one begins. */
  readonly next: number;
  readonly at: number;
  /** Numbers of lines beyond `next` that are done too. */
  readonly ahead: readonly number[];
}

/** A job as it is kept, `<id>.json` beside its list. Times are ms since epoch. */
export interface JobRecord extends Position {
  readonly v: 1;
  readonly id: string;
  readonly source: string;
  readonly created: number;
  readonly finished: number | null;
  readonly status: WarmStatus;
  readonly concurrency: number;
  /** Lines of the list, and the bytes they take. */
  readonly lines: number;
  readonly bytes: number;
  /** Given addresses that made no line. */
  readonly unusable: number;
  readonly counts: Counts;
  readonly lastError: string | null;
  /** More of the list is to come. */
  readonly open: boolean;
  /** An export that has not been read yet. */
  readonly choice: ExportChoice | null;
}

/** What a job begins as. */
export const EMPTY_JOB = {
  v: 1,
  source: '',
  finished: null,
  status: 'queued',
  lines: 0,
  bytes: 0,
  unusable: 0,
  next: 0,
  at: 0,
  ahead: [],
  counts: { hits: 0, filled: 0, skipped: 0, errors: 0 },
  lastError: null,
  open: false,
  choice: null,
} satisfies Partial<JobRecord>;

/** A record as it was read from a file; undefined of anything else. */
export function recordOf(text: string): JobRecord | undefined {
  let value: Partial<JobRecord> | null;
  try {
    value = JSON.parse(text) as Partial<JobRecord> | null;
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || value.v !== 1) return undefined;
  const { id, source, status, counts, ahead, choice, open, finished, lastError } = value;
  const numbers = [value.created, value.concurrency, value.lines, value.bytes, value.unusable];
  numbers.push(value.next, value.at, counts?.hits, counts?.filled, counts?.skipped, counts?.errors);
  const whole =
    typeof id === 'string' &&
    typeof source === 'string' &&
    typeof open === 'boolean' &&
    (lastError === null || typeof lastError === 'string') &&
    (finished === null || typeof finished === 'number') &&
    WARM_STATUSES.some((name) => name === status) &&
    numbers.every((number) => Number.isSafeInteger(number) && number! >= 0) &&
    Array.isArray(ahead) &&
    ahead.every((number) => Number.isSafeInteger(number)) &&
    typeof choice === 'object';
  return whole ? (value as JobRecord) : undefined;
}
