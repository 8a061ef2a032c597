import { z } from 'zod';
import type { NodeRow } from '../admin/answers/cluster.js';
import { nodeFigures } from '../admin/answers/figures.js';
import type { Clock } from '../clock.js';
import type { NodeStore, StoredNode } from '../redis/node-store.js';
import { nodeRow } from './node-row.js';

const description = z.object({
  server_id: z.string(),
  region: z.string(),
  version: z.string(),
  /** ISO 8601, by that node. */
  started: z.string(),
  /** Live worker processes. */
  workers: z.number(),
  /** Raw, so that the reader weighs them with the age it sees. */
  signals: z.object({
    draining: z.boolean(),
    l2Errors: z.number(),
    l2Reads: z.number(),
    upstreams: z.array(z.object({ status: z.enum(['healthy', 'degraded', 'down', 'unknown']) })),
    eventLoopP99Ms: z.number(),
  }),
  /** Another version's may be unreadable: the node is there all the same. */
  figures: nodeFigures.optional().catch(undefined),
});
const written = description.extend({ instance: z.string() });

/** What a node says of itself. */
export type NodeDescription = z.infer<typeof description>;

export interface RegistryOptions {
  /** Rows live for `ttlMs`: twice the interval, so that one lost heartbeat is forgiven. */
  readonly store: Pick<NodeStore, 'write' | 'list' | 'remove' | 'ttlMs'>;
  readonly clock: Clock;
  readonly describe: () => Promise<NodeDescription>;
  readonly serverId: string;
  /** A random text of this process: tells it from another one with the same SERVER_ID. */
  readonly instance: string;
  /** For people; each is said once per change. */
  readonly warn: (message: string) => void;
}

/** How soon a node that came is known: purges wait for its acknowledgement too, ms. */
const LOOK_MS = 1000;
/** A node not heard of for so long is no longer shown, ms. */
const FORGET_MS = 60_000;

interface Seen {
  readonly node: NodeDescription;
  readonly ageMs: number;
  /** This machine's clock, ms. */
  readonly readAt: number;
}

/**
 * The living nodes. Each writes a row that ends by itself, so one that dies without a word is gone within `ttlMs`. While
 * Redis is away the last known nodes are shown with growing age, and still counted: nobody can tell them from dead ones,
 * and the budget's share must not grow because Redis went (I-15).
 */
export class NodeRegistry {
  readonly #options: RegistryOptions;
  #others: Seen[] = [];
  #count = 1;
  /** When so many were last there, this machine's clock, ms. */
  #countedAt = Number.NEGATIVE_INFINITY;
  #beats = 0;
  #away = false;
  /** Whether the last heartbeat was taken. */
  #written = false;
  #warnedOfNamesake = false;
  #stopped = false;
  #cancel: (() => void) | undefined;
  #beating: Promise<void> = Promise.resolve();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** Writes the first row and goes on; never rejects, and takes no longer than the store's deadlines. */
  async start(): Promise<void> {
    const { clock, store } = this.#options;
    const lookMs = Math.min(LOOK_MS, store.ttlMs / 2);
    let beatenAt = Number.NEGATIVE_INFINITY;
    const next = async (): Promise<void> => {
      const due = clock.steady() - beatenAt >= store.ttlMs / 2;
      if (due) beatenAt = clock.steady();
      this.#beating = due ? this.#beat() : this.#read();
      await this.#beating;
      if (!this.#stopped) this.#cancel = clock.after(lookMs, () => void next());
    };
    await next();
  }

  /** Takes this node off the list at once. Never rejects. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    // A heartbeat under way would put the row back.
    await this.#beating;
    const { store, serverId, instance } = this.#options;
    await store.remove(serverId, instance).catch((error: unknown) => this.#lost(error));
  }

  /** Living nodes last known, this one included. */
  count(): number {
    return this.#count;
  }

  /** This node first-hand, then the others by name. Never rejects for want of Redis. */
  async list(): Promise<NodeRow[]> {
    const self = await this.#options.describe();
    await this.#read();
    const { clock } = this.#options;
    const now = clock.now();
    const others = this.#others
      .map(({ node, ageMs, readAt }) => ({ node, age: ageMs + clock.steady() - readAt }))
      .filter(({ age }) => age < FORGET_MS)
      .sort((a, b) => (a.node.server_id < b.node.server_id ? -1 : 1));
    return [nodeRow(self, 0, now, true), ...others.map(({ node, age }) => nodeRow(node, age, now, false))];
  }

  async #beat(): Promise<void> {
    const { store, serverId, instance, describe } = this.#options;
    try {
      const text = JSON.stringify({ ...(await describe()), instance });
      this.#meet(await store.write(serverId, text));
      this.#written = true;
    } catch (error) {
      this.#written = false;
      this.#lost(error);
      return;
    }
    await this.#read();
  }

  async #read(): Promise<void> {
    const { store, clock, serverId } = this.#options;
    let rows: StoredNode[];
    try {
      rows = await store.list();
    } catch (error) {
      this.#lost(error);
      return;
    }
    const readAt = clock.steady();
    const others = rows.filter(({ id }) => id !== serverId);
    const seen = others.flatMap(({ text, ageMs }): Seen[] => {
      const node = readable(text);
      return node === undefined ? [] : [{ node, ageMs, readAt }];
    });
    if (!this.#written) {
      // Redis takes no heartbeats (full, read-only): rows end although their nodes live.
      const known = new Set(seen.map(({ node }) => node.server_id));
      this.#others = [...seen, ...this.#others.filter(({ node }) => !known.has(node.server_id))];
      return;
    }
    this.#recount(others.length + 1, readAt);
    this.#away = false;
    this.#others = seen;
  }

  /**
   * Fewer are believed only when it lasts: a Redis that comes back empty knows nobody until each node's next heartbeat, and
   * the first to ask must not take the share of all others.
   */
  #recount(count: number, now: number): void {
    if (this.#away) this.#countedAt = now;
    if (count < this.#count && now - this.#countedAt <= this.#options.store.ttlMs) return;
    this.#count = count;
    this.#countedAt = now;
  }

  /** Looks who has written under our name. The first time it may be our own predecessor, which cannot write again. */
  #meet(before: string | undefined): void {
    const { instance, serverId, warn } = this.#options;
    const first = this.#beats++ === 0;
    if (first || before === undefined || this.#warnedOfNamesake) return;
    const other = readable(before)?.instance;
    if (other === undefined || other === instance) return;
    this.#warnedOfNamesake = true;
    warn(`another node uses this node's SERVER_ID "${serverId}"; give each node a SERVER_ID of its own`);
  }

  #lost(error: unknown): void {
    if (!this.#away)
      this.#options.warn(`node registry: ${error instanceof Error ? error.message : String(error)}`);
    this.#away = true;
  }
}

/** A row as its writer made it; undefined when this version cannot read it. It still counts as a node. */
function readable(text: string): z.infer<typeof written> | undefined {
  try {
    return written.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
