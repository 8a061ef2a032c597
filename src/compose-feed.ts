import type { Cover, Coverage } from './cache/coverage.js';
import type { PurgeRule, PurgeTable } from './cache/purge-table.js';
import type { SitePolicy } from './cache/site.js';
import type { Member, MemberExtras } from './cluster/member.js';
import type { Purges } from './cluster/purger.js';
import type { Bus } from './compose-bus.js';
import type { Config } from './config/config.js';
import type { FeedStatus } from './feed/status.js';
import type { Logger } from './observe/log.js';
import type { Origin } from './origin/source.js';
import type { DiskStore } from './tiers/disk-types.js';
import type { EntryHead } from './tiers/entry.js';
import type { Tier } from './tiers/tier.js';

/** What the change feed puts into a process that looks entries up. */
export interface FeedSide {
  readonly coverage: Coverage;
  /** In the core: which titles are cached. */
  readonly onKept?: ((head: EntryHead) => void) | undefined;
  /** In the core: a purge that was not known there. */
  readonly onPurged?: ((rule: PurgeRule) => void) | undefined;
  readonly extras: Pick<MemberExtras, 'cover'>;
}

/** `core`: lifetimes are given here. Undefined: they are those of the class table. */
export function feedSide(_config: Config, _core: boolean): FeedSide | undefined {
  return undefined;
}

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

/** Undefined: there is none (`CHANGE_FEED`). */
export function openFeed(_parts: FeedParts): Feed | undefined {
  return undefined;
}
