import { duration } from '../../figures.js';
import type { WarmJob } from '../../warm/job.js';

const BAR_CELLS = 24;

/** One line for a terminal of so many columns: bar, done, rate, hits, errors, time left. */
export function progressBar(job: WarmJob, columns: number): string {
  const share = job.total > 0 ? Math.min(1, job.done / job.total) : 0;
  const full = Math.floor(share * BAR_CELLS);
  const bar = `[${'#'.repeat(full)}${'-'.repeat(BAR_CELLS - full)}]`;
  const line = `${bar} ${String(Math.floor(share * 100)).padStart(3)}% ${figures(job)}`;
  return line.slice(0, Math.max(20, columns - 1));
}

/** The same for a pipe. */
export function progressLine(job: WarmJob): string {
  const waiting = job.last_error?.startsWith('waiting: ') ? `, ${job.last_error}` : '';
  return `${job.status}: ${figures(job)}${waiting}`;
}

/** What came of it, at the end. */
export function summary(job: WarmJob, tookMs: number): string {
  const { done, total, filled, hits, skipped, errors, last_error, status } = job;
  const took = duration(tookMs / 1000);
  const parts = `${filled} filled, ${hits} fresh already, ${skipped} skipped, ${errors} errors`;
  const last = last_error === null ? '' : `; last error: ${last_error}`;
  return `${status}: ${done} of ${total} in ${took}: ${parts}${last}`;
}

function figures({ done, total, rate, hits, errors, left_s }: WarmJob): string {
  const left = left_s === null ? '' : `, ${duration(left_s)} left`;
  return `${done}/${total}, ${rate}/s, ${hits} hits, ${errors} errors${left}`;
}
