import type { Clock } from '../clock.js';
import type { Environment } from './disk-open.js';

/** Where the index file has this part of the bound, it has outgrown: the rows alone never need so much. */
const OUTGROWN = 0.6;
/** Until it is tried again whether readers have let go of what was given up, ms. */
const REST_MS = 1000;

export interface IndexGrowthParts {
  readonly clock: Pick<Clock, 'steady'>;
  /** Of the index file. */
  readonly fileBytes: () => number;
  /** Of these, in use: neither given up nor never used. */
  readonly usedBytes: () => number;
  /** Bound of all files. */
  readonly maxBytes: () => number;
}

/**
 * How far a transaction makes the index file grow. LMDB's file never shrinks, and pages that were given up are used again only
 * when no reader looks at a version that has them: a worker that stands still while much is written would have the file take the
 * room of everything else, for good. So one that has outgrown takes what fits into its free pages; and when it grows
 * all the same, somebody holds them: then it takes nothing for a while.
 */
export class IndexGrowth {
  readonly #parts: IndexGrowthParts;
  /** Size of the file when a transaction was let in that should have fitted into free pages. */
  #promised: number | undefined;
  #restsUntil = Number.NEGATIVE_INFINITY;

  constructor(parts: IndexGrowthParts) {
    this.#parts = parts;
  }

  get outgrown(): boolean {
    return this.#parts.fileBytes() > this.#parts.maxBytes() * OUTGROWN;
  }

  /** Bytes by which a transaction that takes so many pages makes the file grow; undefined: it is not to be made now. */
  by(bytes: number): number | undefined {
    const { clock, fileBytes, usedBytes } = this.#parts;
    if (!this.outgrown) return bytes;
    const size = fileBytes();
    const held = this.#promised !== undefined && size > this.#promised;
    this.#promised = undefined;
    if (held) this.#restsUntil = clock.steady() + REST_MS;
    if (clock.steady() < this.#restsUntil) return undefined;
    const growth = Math.max(0, bytes - (size - usedBytes()));
    if (growth === 0) this.#promised = size;
    return growth;
  }
}

/** LMDB's, of one tree. */
interface TreeStats {
  readonly pageSize: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

/** Bytes of the index file that the newest version of it needs. */
export function usedBytesOf({ rows, durable }: Environment): number {
  rows.resetReadTxn();
  const stats = rows.getStats() as TreeStats & { readonly root: TreeStats; readonly free: TreeStats };
  const trees = [stats, stats.root, stats.free, durable.getStats() as TreeStats];
  const pages = trees.map(
    ({ treeBranchPageCount, treeLeafPageCount, overflowPages }) =>
      treeBranchPageCount + treeLeafPageCount + overflowPages,
  );
  const META_PAGES = 2;
  return stats.pageSize * pages.reduce((sum, count) => sum + count, META_PAGES);
}
