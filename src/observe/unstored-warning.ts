import type { Outcome } from '../cache/outcome.js';

/** So many answers without one that could be stored are no chance. */
const TELLING = 1000;

/**
 * By the letter an answer is its asker's alone where the request has a Cookie, Origin or X-… that no Vary names. If every client or a
 * proxy in front sends such a field, nothing is ever stored, and nothing else would say so: it is told, once.
 */
export class UnstoredWarning {
  readonly #tell: (answers: number) => void;
  #answers = 0;

  /** @param tell told of so many answers in which nothing was stored for this reason */
  constructor(tell: (answers: number) => void) {
    this.#tell = tell;
  }

  /** What became of a request; hits that come before the first answer that was stored are none. */
  saw({ result, stored, noStore }: Outcome): void {
    if (this.#answers === Number.POSITIVE_INFINITY) return;
    const isStored = stored === true || result === 'hit' || result === 'stale';
    if (!isStored && noStore !== 'unkeyed-field') return;
    this.#answers = isStored ? Number.POSITIVE_INFINITY : this.#answers + 1;
    if (this.#answers !== TELLING) return;
    this.#answers = Number.POSITIVE_INFINITY;
    this.#tell(TELLING);
  }
}
