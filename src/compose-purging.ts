import type { Engine } from './cache/engine.js';
import type { PurgeTable } from './cache/purge-table.js';
import { systemClock } from './clock.js';
import type { Coherence } from './cluster/coherence.js';
import type { Member } from './cluster/member.js';
import type { PeerQueue } from './cluster/peer-queue.js';
import { Purger } from './cluster/purger.js';
import type { FeedSide } from './compose-feed-side.js';
import { openPeerQueue } from './compose-peers.js';
import type { Stores } from './compose-stores.js';
import type { CoreOptions, Later } from './core-options.js';
import type { EntryHead } from './tiers/entry.js';
import type { ReferrerMap } from './tmdb/referrers.js';
import { isReferrerTag } from './tmdb/tags.js';

interface PurgingParts {
  readonly table: PurgeTable;
  readonly stores: Stores;
  readonly engine: Engine;
  readonly members: () => readonly Member[];
  readonly referrers: ReferrerMap;
  readonly feed: FeedSide | undefined;
}

export interface Purging {
  /** Of the region where there is one, else of this node. */
  readonly purges: Coherence | Purger;
  /** What other regions are still to be told. */
  readonly peers: PeerQueue;
}

/** Purges of this node, its region's other nodes and other regions, with those of the last run. */
export function purgingOf({ config, log }: CoreOptions, parts: PurgingParts, later: Later): Purging {
  const { table, stores, engine, members, referrers, feed } = parts;
  const { disk, bus } = stores;
  const purger = new Purger({
    table,
    flights: engine.filler.flights,
    durable: disk.durable('purges'),
    followers: members,
    sweep: sweepOf(stores),
    clock: systemClock,
    onTaken: (rule) => {
      const { scope, soft } = rule;
      // The images that go with a title are no purge of their own.
      if (scope.kind !== 'tag' || !isReferrerTag(scope.name)) later.metrics.purged(scope.kind, soft);
      if (scope.kind === 'all' && !soft) referrers.clear();
      feed?.onPurged?.(rule);
    },
    onError: (error) => log.error({ err: error }, 'purge: work in the background failed'),
  });
  purger.load();
  later.coherence = bus?.joinWith({ table, purger });
  const peers = openPeerQueue(config, disk.durable('peer-purges'), log);
  later.peers = peers;
  return { purges: later.coherence ?? purger, peers };
}

/** Space in Redis is reclaimed by one node for all, on the disk by each for itself. */
function sweepOf({ disk, redis, bus }: Stores) {
  return async (dead: (head: EntryHead) => boolean): Promise<void> => {
    await disk.sweep(dead);
    if (redis !== undefined && (await bus?.sweeps())) await redis.sweep(dead);
  };
}
