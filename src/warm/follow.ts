import { type WarmClient, WarmClientError } from './client.js';
import { isOver, type WarmJob } from './job.js';

/** Between two questions, and how long a proxy may be away (a restart) while its job is followed, ms. */
const EVERY_MS = 500;
const AWAY_MS = 60_000;

/**
 * Follows a job until it is over or paused, or `signal` fires. Resolves with how it was last seen. Rejects with a WarmClientError when
 * the proxy stays away or has forgotten the job.
 */
export async function follow(
  client: Pick<WarmClient, 'job'>,
  first: WarmJob,
  signal: AbortSignal,
  onSeen: (job: WarmJob) => void,
): Promise<WarmJob> {
  let job = first;
  let awaySince: number | undefined;
  while (!isOver(job.status) && job.status !== 'paused' && !signal.aborted) {
    await wait(EVERY_MS, signal);
    if (signal.aborted) break;
    try {
      job = await client.job(job.id);
      awaySince = undefined;
      onSeen(job);
    } catch (thrown) {
      const status = thrown instanceof WarmClientError ? thrown.status : 0;
      if (status !== undefined && status < 500) throw thrown;
      awaySince ??= Date.now();
      if (Date.now() - awaySince > AWAY_MS) throw thrown;
    }
  }
  return job;
}

/** Resolves after `ms`, or as soon as the signal fires. */
function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal.addEventListener('abort', over);
  });
}
