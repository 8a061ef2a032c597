import type { DurableArea } from '../tiers/disk-types.js';

const KEY = 'floor';

/**
 * Since when a node with a disk of its own follows a coverage: what lies there from before, when it was alone or of another region,
 * was told of no edit. Outlives restarts, for as long as the coverage is the same.
 */
export class FeedFloor {
  #coverage = '';
  #stamp = 0;

  constructor(
    private readonly area: Pick<DurableArea, 'get' | 'put'>,
    /** Reading of the purge clock. */
    private readonly now: () => number,
    private readonly onError: (error: unknown) => void,
  ) {
    const [coverage, stamp] = area.get(KEY)?.toString().split(' ') ?? [];
    if (coverage === undefined || !Number.isFinite(Number(stamp))) return;
    this.#coverage = coverage;
    this.#stamp = Number(stamp);
  }

  /** Lowest stamp of what may be believed in under this coverage. */
  of(coverage: string): number {
    if (coverage !== this.#coverage && coverage !== '') {
      this.#coverage = coverage;
      this.#stamp = this.now();
      this.area.put(KEY, Buffer.from(`${coverage} ${this.#stamp}`)).catch(this.onError);
    }
    return this.#stamp;
  }
}
