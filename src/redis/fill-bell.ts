import type { Clock } from '../clock.js';
import type { RedisLink } from './link.js';
import { asTrouble, type RedisTrouble } from './trouble.js';

/** How the fill under a lease ended, as its holder tells it. */
export type Rung = 'stored' | 'not-stored';

/** Someone who listens for the end of the fills of one key. */
export interface Listener {
  /** The end of the fill with this fence, if it has been rung; `later` when a later fill's was. */
  heard(fence: number): Rung | 'later' | undefined;
  /** Calls back at each ring. */
  onRing(task: () => void): void;
  /** Stops listening. */
  close(): void;
}

/** How often the subscription is made again, ms: ioredis' cluster subscriber can lose one without a word (docs/adr/0005). */
const RESUBSCRIBE_MS = 5000;
const SUBSCRIBE_DEADLINE_MS = 1000;

/** The doorbell of fills: one subscription for all who wait. It may lose any message; whoever listens polls as well. */
export class FillBell {
  readonly #link: RedisLink;
  readonly #channel: string;
  readonly #clock: Clock;
  readonly #listeners = new Map<string, Set<BellListener>>();
  readonly #onTrouble: (trouble: RedisTrouble) => void;
  readonly #stopListening: readonly (() => void)[];
  #stopTimer = () => {};
  #closed = false;

  /** `link`: for subscribing, and nothing else. It is opened and closed by whoever made it. */
  constructor(link: RedisLink, channel: string, clock: Clock, onTrouble: (trouble: RedisTrouble) => void) {
    this.#link = link;
    this.#onTrouble = onTrouble;
    this.#channel = channel;
    this.#clock = clock;
    this.#stopListening = [link.onReady(() => void this.#subscribe()), link.onMessage(this.#onMessage)];
    void this.#subscribe();
  }

  /** The message that tells of an ended fill. */
  static message(leaseKey: string, fence: number, rung: Rung): string {
    return `${rung} ${fence} ${leaseKey}`;
  }

  listen(leaseKey: string): Listener {
    const listener = new BellListener(() => {
      const others = this.#listeners.get(leaseKey);
      others?.delete(listener);
      if (others?.size === 0) this.#listeners.delete(leaseKey);
    });
    const listeners = this.#listeners.get(leaseKey) ?? new Set();
    this.#listeners.set(leaseKey, listeners.add(listener));
    return listener;
  }

  close(): void {
    this.#closed = true;
    this.#stopTimer();
    for (const stop of this.#stopListening) stop();
  }

  readonly #onMessage = (channel: string, message: string): void => {
    if (channel !== this.#channel) return;
    const match = /^(stored|not-stored) (\d+) (.+)$/s.exec(message);
    if (match === null) return;
    for (const listener of this.#listeners.get(match[3]!) ?? []) {
      listener.ring(Number(match[2]), match[1] as Rung);
    }
  };

  async #subscribe(): Promise<void> {
    this.#stopTimer();
    if (this.#closed) return;
    this.#stopTimer = this.#clock.after(RESUBSCRIBE_MS, () => void this.#subscribe());
    try {
      await this.#link.subscribe(this.#channel, SUBSCRIBE_DEADLINE_MS);
    } catch (thrown) {
      // The next attempt is set, and until then those who wait poll.
      this.#onTrouble(asTrouble('subscribe', thrown));
    }
  }
}

class BellListener implements Listener {
  readonly #leave: () => void;
  #fence = -1;
  #rung: Rung = 'not-stored';
  #task = () => {};

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  ring(fence: number, rung: Rung): void {
    if (fence <= this.#fence) return;
    this.#fence = fence;
    this.#rung = rung;
    this.#task();
  }

  heard(fence: number): Rung | 'later' | undefined {
    if (this.#fence < fence) return undefined;
    return this.#fence === fence ? this.#rung : 'later';
  }

  onRing(task: () => void): void {
    this.#task = task;
  }

  close(): void {
    this.#leave();
  }
}
