import { Cluster, Redis } from 'ioredis';
import type { Clock } from '../clock.js';
import { afterAwake, within } from '../deadline.js';
import type { Guard } from './answers.js';
import { clusterOptions, type RedisAddress, type RedisSettings, singleOptions } from './options.js';
import { checkOwnReplies, endConnectionOnStrayReply } from './replies.js';
import { asTrouble, RedisTrouble, type TroubleReason } from './trouble.js';

endConnectionOnStrayReply();
checkOwnReplies();

/** A Lua script; `keys` is how many of its arguments are keys, all of one slot. */
export interface Script<T = unknown> {
  readonly name: string;
  readonly keys: number;
  readonly lua: string;
  /** Strings of its answer come as buffers. */
  readonly buffers?: true;
  /** What it never answers is trouble: a proxy before Redis that has lost count gives one the answer of another. */
  readonly isAnswer: Guard<T>;
}

/** What happens to the connection. While a node is dead the client reports it some 60 times a second (docs/adr/0005). */
export interface LinkEvents {
  readonly onReady?: () => void;
  /** At most one a second; `suppressed` counts those left out since. */
  readonly onError?: (error: RedisTrouble, suppressed: number) => void;
}

type MessageListener = (channel: string, text: string) => void;

export interface LinkOptions {
  readonly address: RedisAddress;
  readonly settings: RedisSettings;
  readonly clock: Clock;
  readonly events?: LinkEvents;
}

/** What says that the client has lost its servers; anything else is an answer of one. */
const LOST: ReadonlySet<TroubleReason> = new Set(['deadline', 'unreachable', 'failing-over', 'read-only']);
/** A client of one server in any other state is about to connect. */
const STUCK: ReadonlySet<string> = new Set(['ready', 'end']);
const ERROR_EVERY_MS = 1000;
/** After trouble the map of slots may be old; it is asked for again, at most so often, ms. */
const REMAP_EVERY_MS = 1000;
/** A client that has failed every call for so long is replaced, ms. */
const REPLACE_AFTER_MS = 3000;
/** A client that does not hang up in time is cut off, ms: `quit` hangs on a dead node. */
const CLOSE_DEADLINE_MS = 500;

/**
 * One client of one deployment: a connection per node of a cluster, else one. What must not wait for each other (small reads,
 * large bodies, control, subscriptions) has a link of its own. Connects by itself, again and again, until closed.
 */
export class RedisLink {
  #client: Redis | Cluster;
  readonly #options: LinkOptions;
  readonly #defined = new Set<string>();
  readonly #readyListeners = new Set<() => void>();
  readonly #messageListeners = new Set<MessageListener>();
  /** Since when every call has failed, ms; undefined after a success. */
  #failingSince: number | undefined;
  #lastFailure = Number.NEGATIVE_INFINITY;
  #lastError = Number.NEGATIVE_INFINITY;
  #suppressed = 0;
  #remapped = Number.NEGATIVE_INFINITY;
  /** Why connections are not given, when that is the configuration's fault. */
  #refusal: RedisTrouble | undefined;
  #closed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    if (options.events?.onReady !== undefined) this.#readyListeners.add(options.events.onReady);
    this.#client = this.#make();
  }

  #make(): Redis | Cluster {
    const { address, settings, clock } = this.#options;
    const client =
      address.mode === 'cluster'
        ? new Cluster([...address.nodes], clusterOptions(address, settings, clock.random))
        : new Redis(singleOptions(address, settings, clock.random));
    client.on('error', (error: unknown) => this.#report(error));
    if (client instanceof Cluster)
      client.on('node error', (error: unknown) => this.#onNodeError(client, error));
    client.on('ready', () => {
      if (client !== this.#client) return;
      for (const listener of this.#readyListeners) listener();
    });
    client.on('message', (channel: string, text: string) => {
      for (const listener of this.#messageListeners) listener(channel, text);
    });
    return client;
  }

  /** Begins to connect; never rejects. Whoever calls before it is connected gets trouble at once. */
  open(): void {
    this.#client.connect().catch((error: unknown) => this.#report(error));
  }

  /** Whether it is connected, waiting for that at most `ms`. Never rejects. */
  ready(ms: number): Promise<boolean> {
    if (this.#client.status === 'ready') return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (isReady: boolean) => {
        cancel();
        stop();
        resolve(isReady);
      };
      const stop = this.onReady(() => end(true));
      const cancel = this.#options.clock.after(ms, () => end(false));
    });
  }

  /** Each time it is connected, also anew; the returned function forgets the listener. */
  onReady(listener: () => void): () => void {
    this.#readyListeners.add(listener);
    return () => this.#readyListeners.delete(listener);
  }

  /** Messages of the channels this link has subscribed to. */
  onMessage(listener: MessageListener): () => void {
    this.#messageListeners.add(listener);
    return () => this.#messageListeners.delete(listener);
  }

  /** Listens to a channel on the connection of this moment. Rejects with RedisTrouble. */
  async subscribe(channel: string, deadlineMs: number): Promise<void> {
    await this.call('subscribe', deadlineMs, () => this.#client.subscribe(channel));
  }

  /**
   * Asks anew which masters there are: a connection that ended is no longer in the pool, and who goes from master to master would
   * leave that one out. Rejects with RedisTrouble.
   */
  async remap(deadlineMs: number): Promise<void> {
    const client = this.#client;
    if (!(client instanceof Cluster)) return;
    await this.call('cluster slots', deadlineMs, () => {
      return new Promise<void>((resolve, reject) => {
        client.refreshSlotsCache((error) => (error ? reject(error) : resolve()));
      });
    });
  }

  /** One client per master, for what reaches one node only: SCAN, DBSIZE, INFO. */
  masters(): Redis[] {
    return this.#client instanceof Cluster ? this.#client.nodes('master') : [this.#client];
  }

  /** Every node the client knows of. */
  nodes(): Redis[] {
    return this.#client instanceof Cluster ? this.#client.nodes('all') : [this.#client];
  }

  /**
   * Runs a command with a deadline of our own, ms: the client's does not cover its queues (docs/adr/0005). Rejects with
   * RedisTrouble and nothing else; what the command answers after the deadline is dropped. `client` may be a Cluster,
   * which has the same commands; a keyless one goes to any one node, see `masters`.
   */
  call<T>(what: string, deadlineMs: number, command: (client: Redis) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new RedisTrouble('closed', `redis ${what}: closed`));
    return new Promise<T>((resolve, reject) => {
      const cancel = afterAwake(this.#options.clock, deadlineMs, deadlineMs, () => {
        this.#failed();
        reject(new RedisTrouble('deadline', `redis ${what}: no answer within ${deadlineMs} ms`));
      });
      const onAnswer = (value: T) => {
        cancel();
        this.#failingSince = undefined;
        this.#refusal = undefined;
        resolve(value);
      };
      const onError = (error: unknown) => {
        cancel();
        const trouble = asTrouble(what, error);
        if (LOST.has(trouble.reason)) this.#failed();
        // "Not connected" is what the client says; why the connection was refused came before, as an event.
        reject(trouble.reason === 'unreachable' ? (this.#refusal ?? trouble) : trouble);
      };
      try {
        command(this.#client as Redis).then(onAnswer, onError);
      } catch (error) {
        onError(error);
      }
    });
  }

  /**
   * A failover shows as trouble; the client itself looks for the new master only when it is told MOVED. After the loss of
   * all nodes it can stand there `ready` with an empty pool for good (seen: five of eight, a node back early answers
   * CLUSTER SLOTS with none): what has failed for long is made anew. So is a connection to one server that is up and gives no
   * answer: one reply that was lost, or told a wrong length, and it would wait for the rest for ever.
   */
  #failed(): void {
    const client = this.#client;
    const now = this.#options.clock.steady();
    // Two failures that lie far apart say nothing of the time between.
    if (now - this.#lastFailure > REPLACE_AFTER_MS) this.#failingSince = now;
    this.#lastFailure = now;
    this.#failingSince ??= now;
    if (this.#closed || !(client instanceof Cluster || STUCK.has(client.status))) return;
    if (now - this.#failingSince >= REPLACE_AFTER_MS) {
      this.#failingSince = undefined;
      this.#replace();
    } else if (client instanceof Cluster && now - this.#remapped >= REMAP_EVERY_MS) {
      this.#remapped = now;
      client.refreshSlotsCache();
    }
  }

  /** A link that nobody asks notices by this alone that its client has lost everything. */
  #onNodeError(client: Cluster, error: unknown): void {
    this.#report(error);
    if (client !== this.#client || client.nodes('all').some(({ status }) => status === 'ready')) return;
    this.#failed();
  }

  #replace(): void {
    const old = this.#client;
    this.#defined.clear();
    this.#client = this.#make();
    this.open();
    old.disconnect();
  }

  /** Runs a script by its digest, loading it where it is not known yet. Deadline in ms. Rejects with RedisTrouble. */
  run<T>(
    script: Script<T>,
    keys: readonly string[],
    args: readonly (string | number | Buffer)[],
    deadlineMs: number,
  ): Promise<T> {
    return this.call(script.name, deadlineMs, async () => {
      if (!this.#defined.has(script.name)) {
        this.#client.defineCommand(script.name, { lua: script.lua, numberOfKeys: script.keys });
        this.#defined.add(script.name);
      }
      const commands = this.#client as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
      const name = script.buffers === true ? `${script.name}Buffer` : script.name;
      const answer = await commands[name]!.call(this.#client, ...keys, ...args);
      if (script.isAnswer(answer)) return answer;
      throw new RedisTrouble('error', `redis ${script.name}: an answer to something else`);
    });
  }

  /** Hangs up. Idempotent; never rejects, never takes longer than half a second. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const { status } = this.#client;
    if (status === 'ready') {
      const quitting = this.#client.quit().catch(() => {});
      await within(this.#options.clock, CLOSE_DEADLINE_MS, quitting, () => {});
    }
    this.#client.disconnect();
  }

  #report(error: unknown): void {
    if (this.#closed) return;
    const trouble = asTrouble('connection', error);
    if (trouble.reason === 'refused-login' || trouble.reason === 'wrong-topology') this.#refusal = trouble;
    const now = this.#options.clock.steady();
    if (now - this.#lastError < ERROR_EVERY_MS) {
      this.#suppressed++;
      return;
    }
    this.#lastError = now;
    this.#options.events?.onError?.(trouble, this.#suppressed);
    this.#suppressed = 0;
  }
}
