import type { SetResult } from '../tiers/tier.js';
import type { FillEnd } from './fetcher.js';

/** Collects, while a fill goes on, how it will have ended for other nodes. */
export class Ending {
  #uncacheableForMs = 0;
  #written: Promise<SetResult> | undefined;

  /** What came may not be stored, nor will it be for so long, ms. */
  refused(uncacheableForMs: number): void {
    this.#uncacheableForMs = uncacheableForMs;
  }

  /** L2 is being written, or held the entry all along. */
  writing(written: Promise<SetResult> | undefined): void {
    this.#written = written;
  }

  /** How it ended. Asked once the flight is over; settles when L2 has answered. Never rejects. */
  async end(): Promise<FillEnd> {
    if (this.#uncacheableForMs > 0) return { uncacheableForMs: this.#uncacheableForMs };
    return (await this.#written) === 'stored' ? 'stored' : 'not-stored';
  }
}
