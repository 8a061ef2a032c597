import type { Clock } from '../clock.js';
import type { JobState } from './job-state.js';

/** A list that is open is taken for complete when nobody adds to it for so long, ms. */
const FEEDING_MS = 60_000;

/** Closes the list of a running job when whoever feeds it has gone without a word. The returned function ends the watch. */
export function watchFeeding(job: JobState, clock: Clock): () => void {
  if (!job.record.open) return () => {};
  job.fedAt = clock.steady();
  let cancel = () => {};
  const look = (): void => {
    const left = job.fedAt + FEEDING_MS - clock.steady();
    if (left > 0) cancel = clock.after(left, look);
    else job.update({ open: false }).catch(() => {});
  };
  look();
  return () => cancel();
}
