import { randomUUID } from 'node:crypto';
import type { PurgeTable } from './cache/purge-table.js';
import { systemClock } from './clock.js';
import { Coherence, type CoherenceState } from './cluster/coherence.js';
import type { Purger } from './cluster/purger.js';
import { type NodeDescription, NodeRegistry } from './cluster/registry.js';
import { Links } from './compose-redis.js';
import type { Config } from './config/config.js';
import type { LiveConfig } from './config/live.js';
import type { Logger } from './observe/log.js';
import { RedisBell } from './redis/bell.js';
import type { RedisKeys } from './redis/keys.js';
import type { RedisLink } from './redis/link.js';
import { NodeStore } from './redis/node-store.js';
import { RedisOriginBudget } from './redis/origin-budget.js';
import { RedisPurgeLog } from './redis/purge-log.js';
import { RedisTurn } from './redis/turn.js';
import type { DurableArea } from './tiers/disk-types.js';

/** A heartbeat lives for two of its intervals, ms: a node that dies without a word is gone within this. */
const HEARTBEAT_TTL_MS = 10_000;
/** Numbering a purge takes one short script; an operator waits for it, ms. */
const PURGE_MS = 500;
/** Whoever reclaims space goes on doing so for later purges, ms. */
const SWEEP_TURN_MS = 60_000;

/** What the nodes of a region have in common beside L2 (DESIGN, "bus"). One per node, in its core. */
export interface Bus {
  readonly links: Links;
  readonly budget: RedisOriginBudget;
  readonly registry: NodeRegistry;
  /** The connection for short commands, and the names of what lies behind it. */
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  /** Longest such a command may take, ms. */
  readonly deadlineMs: number;
  /** This run of this node. */
  readonly instance: string;
  /** Nodes the region has, this one included, as far as is known; at least 1. */
  readonly nodes: () => number;
  /** Work that one node does for all, see `RedisTurn`. */
  turn(name: string, holdMs: number): RedisTurn;
  /** Whether this node is the one that reclaims space in L2. */
  readonly sweeps: () => Promise<boolean>;
  /** What keeps the purges of this node and the others the same. Once. */
  joinWith(parts: JoinParts): Coherence;
  /** Reads the others' purges and begins the heartbeat. Resolves whether Redis is there or not. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface JoinParts {
  readonly table: PurgeTable;
  readonly purger: Purger;
}

export interface BusOptions {
  readonly live: LiveConfig;
  readonly log: Logger;
  readonly describe: () => Promise<NodeDescription>;
  /** Outlives a restart. */
  readonly durable: DurableArea;
}

/** Connects in the background to the bus' Redis. */
export function openBus({ live, log, describe, durable }: BusOptions): Bus {
  const clock = systemClock;
  const { redis } = live.config;
  const { serverId } = live.config.server;
  // Told apart from its predecessor, and from a namesake.
  const instance = randomUUID();
  const links = new Links(redis, redis.bus!, log);
  const { keys, settings } = links;
  const { control } = settings.deadlines;
  const link = links.open('bus');
  const store = new NodeStore(link, keys, control, HEARTBEAT_TTL_MS);
  const warn = (message: string) => log.warn(message);
  const onError = (error: unknown) => log.debug({ err: error }, 'bus');
  const registry = new NodeRegistry({ store, clock, describe, serverId, instance, warn });
  const nodeCount = new NodeCount(durable, registry, onError);
  const nodes = () => Math.max(nodeCount.remembered, registry.count());
  const budget = new RedisOriginBudget({
    link: links.open('origin budget'),
    keys,
    clock,
    groups: groupsOf(live.config),
    instance,
    nodes,
    onChange: (shared) =>
      log[shared ? 'info' : 'warn'](
        shared
          ? 'origin budget: shared by all nodes'
          : 'origin budget: Redis is away, this node keeps to an equal share',
      ),
  });
  live.onChange((config) => budget.retune(groupsOf(config)));
  const turn = (name: string, holdMs: number) =>
    new RedisTurn({ link, keys, name, node: instance, holdMs, deadlineMs: control });
  const sweeping = turn('sweep', SWEEP_TURN_MS);
  let coherence: Coherence | undefined;
  return {
    links,
    budget,
    registry,
    link,
    keys,
    deadlineMs: control,
    instance,
    nodes,
    turn,
    sweeps: () => sweeping.take().catch(() => false), // Redis is away: there is nothing to be reclaimed in it
    joinWith: (parts) => {
      coherence = coherenceOf(parts, { links, link, instance, log, registry });
      return coherence;
    },
    start: async () => {
      budget.start();
      nodeCount.start(() => coherence?.stats().state === 'synced');
      await Promise.all([coherence?.start(), registry.start()]);
    },
    close: async () => {
      budget.stop();
      nodeCount.stop();
      await registry.stop();
      await coherence?.close();
      await links.close();
    },
  };
}

function groupsOf({ upstream }: Config) {
  return upstream.groups.map(({ name }) => ({
    name,
    // TMDB's image host limits connections only (TMDB.md, Limits).
    rate: name === 'image' ? null : upstream.rate,
    maxConnections: upstream.maxConnections,
  }));
}

/** Between two notes of how many nodes there are, ms. */
const COUNT_MS = 15_000;

/** How many nodes there were, for a start without Redis: three that restart together must not take three budgets (I-15). */
class NodeCount {
  /** Until this run knows better. */
  remembered: number;
  #cancel = () => {};

  constructor(
    private readonly durable: DurableArea,
    private readonly registry: NodeRegistry,
    private readonly onError: (error: unknown) => void,
  ) {
    const kept = Number(durable.get('nodes')?.toString());
    this.remembered = Number.isSafeInteger(kept) && kept > 0 ? kept : 1;
  }

  start(isKnown: () => boolean): void {
    this.#cancel = systemClock.after(COUNT_MS, () => {
      const count = this.registry.count();
      if (isKnown() && count !== this.remembered) {
        this.remembered = count;
        this.durable.put('nodes', Buffer.from(String(count))).catch(this.onError);
      }
      this.start(isKnown);
    });
  }

  stop(): void {
    this.#cancel();
  }
}

interface CoherenceContext {
  readonly links: Links;
  readonly link: RedisLink;
  readonly instance: string;
  readonly log: Logger;
  readonly registry: NodeRegistry;
}

function coherenceOf({ table, purger }: JoinParts, context: CoherenceContext): Coherence {
  const { links, link, instance, log, registry } = context;
  const { keys, settings } = links;
  const clock = systemClock;
  const deadlineMs = Math.min(PURGE_MS, settings.deadlines.control);
  const onError = (error: unknown) => log.debug({ err: error }, 'bus');
  return new Coherence({
    node: instance,
    log: new RedisPurgeLog({ link, keys, node: instance, deadlineMs }),
    bell: new RedisBell(
      {
        connect: (events) => links.make('bus, listening', events),
        control: link,
        channel: keys.channel('purges'),
        clock,
        deadlineMs,
        onError,
      },
      instance,
    ),
    table,
    apply: (rules) => purger.apply(rules),
    others: () => registry.count() - 1,
    clock,
    onError,
    onChange: (state, reason) => logState(log, state, reason),
  });
}

function logState(log: Logger, state: CoherenceState, reason: unknown): void {
  if (state === 'synced') log.info('bus: this node and Redis know the same purges');
  else log.warn({ err: reason }, 'bus: Redis is away; purges hold on this node and are kept for the others');
}
