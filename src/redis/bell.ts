import type { Clock } from '../clock.js';
import type { LinkEvents, RedisLink } from './link.js';

export interface BellHandlers {
  /** A message of any node, this one included. May come late, twice, out of order, or not at all. */
  readonly onMessage: (text: string) => void;
  /** Listening from now on, for the first time or again: what was rung before is missed. */
  readonly onListening: () => void;
}

/** How nodes wake each other. A doorbell, never a truth: whoever hears nothing reads the log all the same. */
export interface Bell {
  open(handlers: BellHandlers): void;
  /** Sends a message to all nodes; rejects with RedisTrouble. */
  ring(text: string): Promise<void>;
  close(): Promise<void>;
}

export interface RedisBellOptions {
  /** A new link that nobody else uses: a subscribed connection takes no other commands. */
  readonly connect: (events: LinkEvents) => RedisLink;
  /** Publishes. */
  readonly control: RedisLink;
  readonly channel: string;
  readonly clock: Clock;
  /** Deadline of one call, ms. */
  readonly deadlineMs: number;
  /** A fault that nobody waits for. */
  readonly onError: (error: unknown) => void;
}

/** How often the bell listens for its own voice, ms. */
const PROBE_EVERY_MS = 5000;
/** Its voice comes back within this or the ear is replaced, ms. */
const PROBE_DEADLINE_MS = 1500;
const PROBE = 'probe:';

/**
 * Bell on pub/sub. A subscription can die without a word (ioredis' cluster subscriber swallows errors and failed resubscriptions, and
 * its node may hang), so the bell rings for itself every few seconds and connects anew when it does not hear it.
 */
export class RedisBell implements Bell {
  readonly #options: RedisBellOptions;
  /** Tells our probes from other nodes'. */
  readonly #voice: string;
  #handlers: BellHandlers | undefined;
  #ear: RedisLink | undefined;
  #probes = 0;
  #heard = 0;
  #rebuilt = 0;
  #cancel = () => {};

  constructor(options: RedisBellOptions, voice: string) {
    this.#options = options;
    this.#voice = `${PROBE}${voice}:`;
  }

  /** How many times the subscription was found dead and replaced. */
  get rebuilt(): number {
    return this.#rebuilt;
  }

  open(handlers: BellHandlers): void {
    this.#handlers = handlers;
    this.#listen();
    this.#probeLater();
  }

  async ring(text: string): Promise<void> {
    const { control, deadlineMs, channel } = this.#options;
    await control.call('publish', deadlineMs, (redis) => redis.publish(channel, text));
  }

  async close(): Promise<void> {
    this.#handlers = undefined;
    this.#cancel();
    await this.#ear?.close();
  }

  #listen(): void {
    const { connect, onError } = this.#options;
    const ear: RedisLink = connect({ onReady: () => void this.#subscribe(ear), onError });
    this.#ear = ear;
    ear.onMessage((_channel, text) => {
      if (ear === this.#ear) this.#hear(text);
    });
    ear.open();
  }

  /** On every connection anew: what the client itself repeats may fail without a word. */
  async #subscribe(ear: RedisLink): Promise<void> {
    const { channel, deadlineMs, onError } = this.#options;
    try {
      await ear.subscribe(channel, deadlineMs);
      if (ear === this.#ear) this.#handlers?.onListening();
    } catch (error) {
      onError(error); // the next probe is not heard, and the ear is replaced
    }
  }

  #hear(text: string): void {
    if (!text.startsWith(PROBE)) this.#handlers?.onMessage(text);
    else if (text.startsWith(this.#voice)) this.#heard = Number(text.slice(this.#voice.length));
  }

  #probeLater(): void {
    const pause = PROBE_EVERY_MS * (0.75 + 0.5 * this.#options.clock.random());
    this.#cancel = this.#options.clock.after(pause, () => void this.#probe());
  }

  async #probe(): Promise<void> {
    const { clock, onError } = this.#options;
    const probe = ++this.#probes;
    try {
      await this.ring(`${this.#voice}${probe}`);
    } catch (error) {
      // Redis itself is away: the ear is not to blame.
      onError(error);
      if (this.#handlers !== undefined) this.#probeLater();
      return;
    }
    if (this.#handlers === undefined) return;
    this.#cancel = clock.after(PROBE_DEADLINE_MS, () => {
      if (this.#heard < probe) this.#replace();
      this.#probeLater();
    });
  }

  #replace(): void {
    this.#rebuilt++;
    const deaf = this.#ear;
    this.#listen();
    void deaf?.close();
  }
}
