import { randomUUID } from 'node:crypto';
import type { Cover } from './cache/coverage.js';
import type { PurgeTable } from './cache/purge-table.js';
import type { SitePolicy } from './cache/site.js';
import { systemClock } from './clock.js';
import type { Member } from './cluster/member.js';
import { forgetSoftPurges, type Purges } from './cluster/purger.js';
import type { Bus } from './compose-bus.js';
import { feedQuestions } from './compose-feed-ask.js';
import type { FeedCore, FeedSide } from './compose-feed-side.js';
import type { Config } from './config/config.js';
import { aliveFor, ChangeFeed } from './feed/change-feed.js';
import { ChangesReader } from './feed/changes-reader.js';
import { FeedCounters } from './feed/counters.js';
import { DurableFeedStore } from './feed/durable-store.js';
import { FeedFloor } from './feed/floor.js';
import { Inventory } from './feed/inventory.js';
import { KnownTitles } from './feed/known-titles.js';
import { Poller, type PollerParts } from './feed/poller.js';
import { FeedRules, isFeedTag } from './feed/rules.js';
import type { FeedStatus } from './feed/status.js';
import type { FeedStore } from './feed/store.js';
import type { Logger } from './observe/log.js';
import type { Origin } from './origin/source.js';
import { RedisFeedStore } from './redis/feed-store.js';
import { RedisFeedTitles } from './redis/feed-titles.js';
import type { RedisTurn } from './redis/turn.js';
import type { DiskStore, DurableArea } from './tiers/disk-types.js';
import type { Tier } from './tiers/tier.js';

export interface FeedParts {
  readonly config: Config;
  readonly log: Logger;
  /** The core's own. */
  readonly side: FeedSide | undefined;
  readonly site: SitePolicy;
  readonly origin: Origin;
  /** This region's: peers have feeds of their own. */
  readonly purges: Purges;
  readonly table: PurgeTable;
  readonly l2: Tier;
  /** For its durable areas. */
  readonly disk: DiskStore;
  /** Undefined: this node is alone. */
  readonly bus: Bus | undefined;
  readonly members: () => readonly Member[];
}

/** The change feed of one node. */
export interface Feed {
  status(): FeedStatus;
  /** What a process that has just begun is told. */
  cover(): Cover | undefined;
  start(): void;
  close(): Promise<void>;
}

/** Other nodes are told of all titles together that come to be cached within so long, ms. What is stored waits for it. */
const TELL_MS = 10;
/** A node that died while it read is followed by another one after so long at most, ms. */
const MOST_TURN_MS = 60_000;
const LEAST_TURN_MS = 5000;

const clock = systemClock;

/** Undefined: there is none (`CHANGE_FEED`). */
export function openFeed(parts: FeedParts): Feed | undefined {
  const core = parts.side?.core;
  if (core === undefined) return undefined;
  const { config, log, table, l2, disk, bus } = parts;
  const { intervalMs } = config.changeFeed;
  const onError = (error: unknown) => log.debug({ err: error }, 'change feed');
  const area = disk.durable('feed');
  const known = knownTitles(parts, core, onError);
  const rules = new FeedRules(
    (scopes, soft) => parts.purges.purge(scopes, soft),
    () => table.stamp(),
  );
  const turn = bus?.turn('feed', Math.min(MOST_TURN_MS, Math.max(LEAST_TURN_MS, intervalMs)));
  const common = { ...core, store: storeOf(bus, area), rules, counters: new FeedCounters() };
  const inventory = new Inventory({
    tier: l2,
    of: config.cache.l2,
    titles: core.titles,
    known,
    clock,
    onError,
  });
  const feed = new ChangeFeed({
    ...common,
    clock,
    intervalMs,
    poller: new Poller({ ...common, known, ...pollerParts(parts, core, turn) }),
    takeTurn: turn && (() => turn.take()),
    floorOf: floorOf(parts, area, onError),
    tell: (cover) => {
      for (const member of parts.members()) member.cover(cover);
    },
    onRead: () => inventory.needed(),
    onNewCoverage: (coverage) => known.tellAnew(coverage),
    onChange: (reason) => logChange(log, reason),
  });
  return {
    status: () => feed.status(),
    cover: () => feed.cover(),
    start: () => {
      inventory.start();
      feed.start();
    },
    close: async () => {
      await Promise.all([feed.close(), inventory.close()]);
      await known.close();
    },
  };
}

function storeOf(bus: Bus | undefined, area: DurableArea): FeedStore {
  if (bus === undefined) return new DurableFeedStore(area, clock);
  return new RedisFeedStore(bus.link, bus.keys, bus.deadlineMs);
}

/** The titles that are cached here and at other nodes; the core's side tells it of those it keeps. */
function knownTitles(
  { config, bus }: FeedParts,
  core: FeedCore,
  onError: (error: unknown) => void,
): KnownTitles {
  const known = new KnownTitles({
    here: core.titles,
    all: bus && new RedisFeedTitles(bus.link, bus.keys, bus.deadlineMs),
    ownL2: config.cache.l2 === 'disk',
    clock,
    tellMs: TELL_MS,
    onError,
  });
  core.titles.follow((title) => known.noted(title));
  core.told = (kept) => known.told(kept);
  return known;
}

/** How this node reads the lists, in its turn. */
function pollerParts(
  parts: FeedParts,
  { coverage }: FeedCore,
  turn: RedisTurn | undefined,
): Pick<PollerParts, 'reader' | 'aliveMs' | 'keepTurn' | 'makeRoom' | 'newName'> {
  return {
    reader: new ChangesReader(feedQuestions(parts), clock.now),
    aliveMs: aliveFor(parts.config.changeFeed.intervalMs),
    keepTurn: async () => {
      if (turn !== undefined && !(await turn.take())) throw new Error('another node reads the lists now');
    },
    // Twice the lifetime of their class ago: what they name is stale by itself.
    makeRoom: () =>
      forgetSoftPurges(parts.disk.durable('purges'), clock.now() - 2 * coverage.longestMs, isFeedTag),
    newName: randomUUID,
  };
}

/** A disk of its own may hold what was stored before this node followed the others. */
function floorOf(
  { bus, config, table }: FeedParts,
  area: DurableArea,
  onError: (error: unknown) => void,
): (coverage: string) => number {
  const floor = new FeedFloor(area, () => table.stamp(), onError);
  return (coverage) => (bus === undefined || config.cache.l2 === 'redis' ? 0 : floor.of(coverage));
}

/** @param reason why the lists cannot be read; undefined: they are, again */
function logChange(log: Logger, reason: string | undefined): void {
  if (reason === undefined) log.info('change feed: the lists of changes are read');
  else
    log.warn(
      { reason },
      'change feed: the lists of changes cannot be read; without them details live as long as their class',
    );
}
