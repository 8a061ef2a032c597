export const WARM_STATUSES = ['queued', 'running', 'paused', 'done', 'cancelled', 'failed'] as const;
export type WarmStatus = (typeof WARM_STATUSES)[number];

/** One list of targets that is being brought into the cache. Plain data. */
export interface WarmJob {
  readonly id: string;
  readonly source: string;
  readonly status: WarmStatus;
  readonly total: number;
  readonly done: number;
  /** Fresh already. */
  readonly hits: number;
  readonly filled: number;
  /** Not to be shared, hence not to be stored. */
  readonly skipped: number;
  readonly errors: number;
  /** Per second. */
  readonly rate: number;
  readonly left_s: number | null;
  readonly last_error: string | null;
}

/** A key and how often it was hit, of late and roughly. */
export interface HotKey {
  readonly key: string;
  readonly hits: number;
}

/** Whether nothing will happen to a job any more. */
export function isOver(status: WarmStatus): boolean {
  return status === 'done' || status === 'cancelled' || status === 'failed';
}
