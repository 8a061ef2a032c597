/** One list of targets that is being brought into the cache. Plain data. */
export interface WarmJob {
  readonly id: string;
  readonly source: string;
  readonly status: 'queued' | 'running' | 'paused' | 'done' | 'cancelled' | 'failed';
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
