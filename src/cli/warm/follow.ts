import { setTimeout } from 'node:timers/promises';
import { isOver, type WarmJob } from '../../warm/job.js';
import { ProxyClientError } from '../proxy-client.js';
import type { WarmClient } from './client.js';

/** Between two questions, and how long a proxy may be away (a restart) while its job is followed, ms. */
const EVERY_MS = 500;
const AWAY_MS = 60_000;

/**
 * Follows a job until it is over or paused, or `signal` fires. Resolves with how it was last seen. Rejects with a ProxyClientError when
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
    // Rejects when the signal fires.
    await setTimeout(EVERY_MS, undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    try {
      job = await client.job(job.id);
      awaySince = undefined;
      onSeen(job);
    } catch (thrown) {
      const status = thrown instanceof ProxyClientError ? thrown.answered : 0;
      if (status !== undefined && status < 500) throw thrown;
      awaySince ??= Date.now();
      if (Date.now() - awaySince > AWAY_MS) throw thrown;
    }
  }
  return job;
}
