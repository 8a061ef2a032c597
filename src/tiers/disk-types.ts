import type { Clock } from '../clock.js';
import type { Entry } from './entry.js';
import type { Tier, TierStats } from './tier.js';

/** Smallest bound that leaves room for the index, its free pages and more than one segment. */
export const MIN_DISK_BYTES = 16 * 1024 * 1024;

/** Why a disk store could not be opened; every code is final: trying again without a change will not help. */
export type DiskErrorCode =
  /** The directory cannot be created or written. */
  | 'unwritable'
  /** Another living process is the writer. */
  | 'in-use'
  /** `maxBytes` is under `MIN_DISK_BYTES`. */
  | 'too-small'
  /** A reader found no store; the writer opens first. */
  | 'missing'
  /** LMDB refuses even a fresh store. */
  | 'unusable';

/** The store could not be opened. `message` is one readable line for the operator. */
export class DiskStoreError extends Error {
  override readonly name = 'DiskStoreError';
  constructor(
    readonly code: DiskErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** What the store wants the operator to know. Nothing is ever deleted silently. */
export type DiskEvent =
  /** Something unreadable, foreign or of another schema was moved into the directory `to`; the store starts empty. */
  | {
      readonly type: 'moved-aside';
      readonly reason: 'corrupt' | 'foreign' | 'schema';
      readonly from: string;
      readonly to: string;
      readonly detail: string;
    }
  /** The lock of a process that no longer lives was taken over. */
  | { readonly type: 'stale-lock'; readonly pid: number }
  /** Body files that no entry names (left by a crash) were removed at open. */
  | { readonly type: 'orphans-removed'; readonly files: number; readonly bytes: number }
  /** A read, write or removal failed at run time. At most one a second; the counters are complete. */
  | { readonly type: 'error'; readonly operation: string; readonly message: string; readonly code: string };

export type DiskEventListener = (event: DiskEvent) => void;

export interface DiskReaderOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly onEvent?: DiskEventListener;
  /** Keys this process has read, at most once a second, for the writer's `touch`. Without it the LRU does not see them. */
  readonly onTouch?: (keys: string[]) => void;
}

export interface DiskOptions {
  /** Created when missing. One writer process at a time. */
  readonly directory: string;
  /** Bound of the bytes of all our files in the directory, LMDB's free pages included. At least `MIN_DISK_BYTES`. */
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly onEvent?: DiskEventListener;
  /**
   * Bytes of entries accepted but not yet committed; over it `set` answers 'not-admitted': a disk that cannot follow
   * must not turn into memory. Default: maxBytes/8, at least 8 MiB and at most 64 MiB.
   */
  readonly maxPendingBytes?: number;
  /** Answers are kept for at least this long after the origin gave them, though of no more use by their own times, ms (`keptUntil`). Default 0. */
  readonly keepMs?: number;
  /** ms between two background steps, each looking at 1000 rows for expired entries. Default 1000. */
  readonly stepEvery?: number;
}

/**
 * A small map beside the cache: never evicted, not touched by `clear()`. Key and name together at most 1000 bytes,
 * values at most 64 KiB, all areas together at most maxBytes/16.
 */
export interface DurableArea {
  get(key: string): Buffer | undefined;
  /** Resolves once the value is on the medium, rejects when it cannot be: this must not be lost silently. */
  put(key: string, value: Buffer): Promise<void>;
  remove(key: string): Promise<void>;
  /** In key order. */
  entries(): Iterable<[string, Buffer]>;
}

export interface DiskStats extends TierStats {
  /** Bytes of all our files, rounded up to blocks; ≤ maxBytes. */
  readonly fileBytes: number;
  /** Entries removed because even their stale windows, and the time they are kept beyond them, had ended. */
  readonly expired: number;
  /** Sets answered 'not-admitted' because too many bytes waited, or no room could be made. */
  readonly refused: number;
}

/** The store of the one process that writes it. */
export interface OwnDiskStore extends DiskStore {
  /**
   * Another bound from now on. Evicts what is too much for it; the index file itself shrinks at the next start. Resolves with
   * the bound that holds: at least `MIN_DISK_BYTES`, at most three times that of the start.
   */
  resize(maxBytes: number): Promise<number>;
}

/** What both the writer and a reader offer. */
export interface DiskStore extends Tier {
  readonly name: 'disk';
  /** 'ask' for large bodies (`SYNC_READ_BYTES`). */
  lookNow(key: string): Entry | undefined | 'ask';
  /** False in a reader: set, delete, clear and sweep then answer 'read-only', false, 0 and 0. */
  readonly writable: boolean;
  /** Marks keys as recently used: for the hits that readers report. A reader passes them on to its `onTouch`. */
  touch(keys: readonly string[]): void;
  durable(name: string): DurableArea;
  /** Resolves when everything accepted so far is on the medium. */
  flush(): Promise<void>;
  stats(): DiskStats;
}
