import type { WarmStatus } from './job.js';
import { whyOf } from './trouble.js';

/** What people may do to a job. */
export type Steering = 'pause' | 'resume' | 'cancel';

/** In which statuses a job takes it. */
export const STEERABLE: Readonly<Record<Steering, ReadonlySet<WarmStatus>>> = {
  pause: new Set(['queued', 'running']),
  resume: new Set(['paused', 'failed']),
  cancel: new Set(['queued', 'running', 'paused', 'failed']),
};

/** Why a running job is to stop: it becomes this, or (`closing`) goes on after the next start. */
export type Stop = 'paused' | 'cancelled' | 'closing';

/** What a job that ran has become; `why` is for people. */
export interface Ending {
  readonly status: WarmStatus;
  readonly why?: string;
}

/** @param reason a `Stop`, or what went wrong. `running` on disk is what the next start goes on with. */
export function stoppedBy(reason: unknown): Ending {
  if (reason === 'paused' || reason === 'cancelled') return { status: reason };
  return reason === 'closing' ? { status: 'queued' } : { status: 'failed', why: whyOf(reason) };
}
