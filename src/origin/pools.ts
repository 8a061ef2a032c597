import type { Dispatcher } from 'undici';
import { createPool, type PoolOptions } from './pool.js';

type Limits = Pick<PoolOptions, 'connections' | 'connectMs'>;

interface Opened {
  dispatcher: Dispatcher;
  limits: Limits;
}

/** The pools of all hosts. API and images may be one host: its connections are counted together, whoever asks. */
export class Pools {
  readonly #opened = new Map<string, Opened>();

  /** The pool of a host as it is now; made when it is first wanted. */
  of(host: URL, options: PoolOptions): () => Dispatcher {
    const known = this.#opened.get(host.origin);
    const opened = known ?? { dispatcher: createPool(host, options), limits: options };
    this.#opened.set(host.origin, opened);
    return () => opened.dispatcher;
  }

  /**
   * A pool knows its limits for good: another takes its place. What is under way in the old one ends there; that both together
   * have no more requests than they may is the budget's to see to.
   */
  retune(host: URL, options: PoolOptions): void {
    const opened = this.#opened.get(host.origin);
    if (opened === undefined || isSame(opened.limits, options)) return;
    void opened.dispatcher.close().catch(() => {}); // it is destroyed with the process at the latest
    opened.dispatcher = createPool(host, options);
    opened.limits = options;
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#opened.values()].map(({ dispatcher }) => dispatcher.destroy()));
  }
}

function isSame(a: Limits, b: Limits): boolean {
  return a.connections === b.connections && a.connectMs === b.connectMs;
}
