/** Every size the writer derives from its bound, in one place. Bytes unless said otherwise. */
export interface DiskLimits extends Readonly<DiskSizes> {}

/** The same as the store holds them, which are replaced when its bound changes. */
export interface DiskSizes {
  maxBytes: number;
  /** Segments are sealed at this size: small enough that reclaiming one is a small part of the cache. */
  segmentBytes: number;
  /** … or at this many records, else one full of entries without bodies would hold most of the index. */
  segmentRecords: number;
  /** Largest entry: one image must not displace a tenth of everything. */
  maxEntryBytes: number;
  /** Survivors copied out of one reclaimed segment; also kept free for it. At most half: reclaiming must gain. */
  survivorBytes: number;
  /** Entries in one transaction: bounds how much the index can grow by copy-on-write before its pages come back. */
  batchEntries: number;
  batchBytes: number;
  /**
   * Bound of the rows' bytes. LMDB's pages end up 43 to 46 % full of rows under churn (bench/stores/index-fill.mjs) and
   * its file never shrinks, so a quarter of the bound in rows is a bit over half of it on disk, which leaves room
   * for bodies even after a time of entries that had almost none.
   */
  indexRowBytes: number;
  durableBytes: number;
  /** Directory blocks, lock and marker files, and rounding. */
  slack: number;
}

const MiB = 1024 * 1024;

/** How a store of `maxBytes` is divided up. */
export function limitsFor(maxBytes: number): DiskSizes {
  const segmentBytes = clamp(Math.floor(maxBytes / 64), MiB / 2, 32 * MiB);
  return {
    maxBytes,
    segmentBytes,
    segmentRecords: Math.max(64, Math.floor(maxBytes / 64_000)),
    maxEntryBytes: Math.floor(maxBytes / 8),
    survivorBytes: Math.floor(segmentBytes / 2),
    batchEntries: clamp(Math.floor(maxBytes / (MiB / 2)), 32, 512),
    batchBytes: clamp(segmentBytes, MiB / 2, 4 * MiB),
    indexRowBytes: Math.floor(maxBytes / 4),
    durableBytes: Math.floor(maxBytes / 16),
    slack: 128 * 1024,
  };
}

const PAGE = 4096;

/** Most the index file can grow by a transaction of so many rows: each may copy and split its leaf, plus the branches. */
export function indexGrowth(rows: number, bytes: number): number {
  return (rows * 2 + 32) * PAGE + bytes;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
