import type { Clock } from '../clock.js';
import type { Listener } from './fill-bell.js';
import { LEASE_DEADLINE_MS } from './lease-scripts.js';
import type { RedisLink } from './link.js';

/** Pauses between two looks of someone who waits, ms, chosen at random so that losers do not come in step. */
const POLL_MIN_MS = 100;
const POLL_MAX_MS = 300;

/** `gone`: the lease is over or lost, and nobody told us how its fill went. */
type Waited = 'stored' | 'not-stored' | 'gone';

interface WaitingParts {
  readonly link: RedisLink;
  readonly clock: Clock;
}

/** Waits for the end of another node's lease, by the doorbell and by looking every now and then. */
export class Waiting {
  readonly #parts: WaitingParts;
  readonly #key: string;
  readonly #fence: number;
  readonly #listener: Listener;

  constructor(parts: WaitingParts, key: string, fence: number, listener: Listener) {
    this.#parts = parts;
    this.#key = key;
    this.#fence = fence;
    this.#listener = listener;
  }

  /** How it ended; `gone` too when `signal` is aborted first. Never rejects. */
  async until(signal: AbortSignal): Promise<Waited> {
    try {
      while (!signal.aborted) {
        const heard = this.#listener.heard(this.#fence);
        if (heard !== undefined) return heard === 'later' ? 'gone' : heard;
        await this.#pause(signal);
        if (this.#listener.heard(this.#fence) === undefined && !signal.aborted) {
          if (!(await this.#stillHeld())) return this.#asHeard();
        }
      }
      return 'gone';
    } finally {
      this.#listener.close();
    }
  }

  /** The ring may have come while we looked. */
  #asHeard(): Waited {
    const heard = this.#listener.heard(this.#fence);
    return heard === undefined || heard === 'later' ? 'gone' : heard;
  }

  /** Until the bell rings, the time for a look has come, or nobody waits any more. */
  #pause(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    return new Promise((resolve) => {
      const done = () => {
        stopTimer();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const pauseMs = POLL_MIN_MS + (POLL_MAX_MS - POLL_MIN_MS) * clock.random();
      const stopTimer = clock.after(pauseMs, done);
      signal.addEventListener('abort', done, { once: true });
      this.#listener.onRing(done);
    });
  }

  async #stillHeld(): Promise<boolean> {
    try {
      const value = await this.#parts.link.call('lease look', LEASE_DEADLINE_MS, (redis) =>
        redis.get(this.#key),
      );
      return value?.startsWith(`${this.#fence}:`) === true && !value.endsWith(':u');
    } catch {
      // Redis is in trouble: waiting for it to say something would be in vain.
      return false;
    }
  }
}
