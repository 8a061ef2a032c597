import type { ClearCommand, ClearResult, PurgeCommand, PurgeResult } from '../admin/management.js';
import type { PurgeScope } from '../cache/purge-table.js';
import type { SitePolicy } from '../cache/site.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import { within } from '../deadline.js';
import type { DiskStore } from '../tiers/disk-types.js';
import { answered, type Member } from './member.js';
import type { RedisView } from './node-health.js';
import { messagesOf } from './peer-message.js';
import type { PeerQueue } from './peer-queue.js';
import { cascade } from './peers.js';
import { purgeScopes, scopesAlong } from './purge-scopes.js';
import type { PurgeReceipt, Purges } from './purger.js';
import { Receipts } from './receipts.js';

export interface PurgingParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly site: SitePolicy;
  readonly disk: DiskStore;
  /** Undefined: L2 is the disk store. */
  readonly redis: RedisView | undefined;
  readonly purges: Purges;
  /** Other regions, told of what is purged here. */
  readonly peers: Pick<PeerQueue, 'add' | 'status'>;
  /** Processes that serve clients; this one among them when there are no workers. */
  readonly members: () => readonly Member[];
}

/** Longest an operator waits for Redis to be emptied, ms; it goes on, and what is left is invalid already. */
const REDIS_CLEAR_MS = 2000;

/** What operators, clients' writes and other regions have removed from the caches of this node and its region. */
export class NodePurging {
  readonly #parts: PurgingParts;
  readonly #clears = new Receipts<ClearResult>();
  readonly #purges = new Receipts<PurgeResult>();

  constructor(parts: PurgingParts) {
    this.#parts = parts;
  }

  /**
   * After an unsafe request (RFC 9111 section 4.4). A write through this region must not leave others stale. Resolves with the
   * number of the purge; `onNumbered` as in `Purges`. `soft`: whether the write has happened is not known.
   */
  async purgeWritten(scopes: readonly PurgeScope[], onNumbered?: () => void, soft = false): Promise<number> {
    return (await this.#raise(scopes, soft, true, onNumbered)).seq;
  }

  async clear(command: ClearCommand): Promise<ClearResult> {
    const { from, type, soft } = command;
    const result = await this.#clears.once(from?.id, () => this.#clear(command));
    if (from !== undefined || !command.cascade) return result;
    const { config, peers } = this.#parts;
    const query = `type=${type}${soft ? '&soft=true' : ''}`;
    const reports = await cascade(config.cluster.peers, `/cache/clear?${query}`, config.server.serverId);
    // Clearing a single tier is housekeeping; only what invalidates must reach a peer that is away.
    const told = new Set(reports.filter(({ ok }) => ok).map(({ peer }) => peer));
    if (type === 'all') await peers.add([{ kind: 'all', soft }], told);
    return { ...result, peers: reports };
  }

  async #clear({ type, soft }: ClearCommand): Promise<ClearResult> {
    const { purges, disk, redis, members, clock } = this.#parts;
    const memory = type === 'all' || type === 'memory';
    const l2 = type === 'all' || type === 'l2';
    const onDisk = type === 'disk' || (l2 && (redis === undefined || disk.stats().entries > 0));
    const inRedis = redis !== undefined && (type === 'redis' || l2);
    // Hard or soft, everything in flight and everything a tier fails to remove is covered by the rule (I-2).
    const stored = disk.stats().entries;
    // What cannot be reached can only be made invalid; so can what a shared tier is to keep as stale.
    const unreached = inRedis && redis.status().inUse !== 'primary';
    const ruled = type === 'all' || unreached || (soft && (redis === undefined ? onDisk : inRedis));
    let receipt = ruled ? await purges.purge([{ kind: 'all' }], soft) : undefined;
    const cleared: ClearResult['cleared'] = {};
    if (memory) cleared.memory = sum(await answered(members().map((member) => member.clear(soft))));
    // The purge's own sweep may have removed some before `clear` counts.
    if (onDisk) cleared.disk = soft && ruled ? null : Math.max(stored, await disk.clear());
    if (inRedis) {
      // A large cluster is emptied for longer than anyone wants to wait.
      const emptied =
        soft || unreached
          ? null
          : await within(
              clock,
              REDIS_CLEAR_MS,
              redis.clear().catch(() => null),
              () => null,
            );
      // What may be left of it must be invalid when this answers.
      if (!soft && emptied === null) {
        receipt ??= await purges.purge([{ kind: 'all' }], false);
      }
      cleared.redis = emptied;
    }
    const { nodesReached = 1, pending = false } = receipt ?? {};
    return { cleared, nodesReached, pending, peers: [] };
  }

  purge(command: PurgeCommand): Promise<PurgeResult> {
    return this.#purges.once(command.from?.id, () => this.#purge(command));
  }

  async #purge({ from, ...command }: PurgeCommand): Promise<PurgeResult> {
    const { site } = this.#parts;
    const named = purgeScopes(site, command);
    const scopes = [...named, ...scopesAlong(site, named)];
    const { nodesReached, pending } = await this.#raise(scopes, command.soft, from === undefined);
    // Told is what was asked for, not what goes with it.
    const single = named.filter(({ kind }) => kind === 'key' || kind === 'path').length;
    const epochsRaised = named.length - single;
    return { epochsRaised, tombstonesWritten: single, nodesReached, pending };
  }

  /**
   * Other regions are told after us: a peer that asks this node again must not be given what was purged. They are told also
   * of a purge that could not be made durable here: it holds all the same.
   */
  async #raise(
    scopes: readonly PurgeScope[],
    soft: boolean,
    tellPeers: boolean,
    onNumbered?: () => void,
  ): Promise<PurgeReceipt> {
    const { purges, peers } = this.#parts;
    try {
      return await purges.purge(scopes, soft, onNumbered);
    } finally {
      if (tellPeers) await peers.add(messagesOf(scopes, soft));
    }
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
