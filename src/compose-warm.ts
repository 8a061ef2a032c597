import type { Lookup } from './cache/lookup.js';
import type { SitePolicy } from './cache/site.js';
import { systemClock } from './clock.js';
import type { MemberExtras } from './cluster/member.js';
import type { Config } from './config/config.js';
import { HotKeys } from './warm/hot-keys.js';
import { preload } from './warm/preload.js';

/** What warm-up puts into a process that answers clients. */
export interface WarmSide {
  /** A request was answered from a tier. Called for every hit. */
  saw(key: string | undefined): void;
  readonly extras: Pick<MemberExtras, 'hot' | 'preload'>;
}

export interface WarmSideParts {
  readonly config: Config;
  readonly site: SitePolicy;
  readonly lookup: Lookup;
}

/** Undefined: nobody wants to know what is hot. */
export function warmSide({ config, site, lookup }: WarmSideParts): WarmSide | undefined {
  if (!countsHits(config)) return undefined;
  const hot = new HotKeys(systemClock);
  return {
    saw: (key) => hot.saw(key),
    extras: {
      hot: async (most) => hot.top(most),
      preload: (keys) => preload({ site, lookup }, keys),
    },
  };
}

/** Whether anybody wants to know what is hot. */
export function countsHits({ cache, warm }: Config): boolean {
  return cache.enabled && warm.topKeys > 0;
}

/** What is asked for in vain most often. */
export interface MissSide {
  /** A request that could have been answered from a tier was not. Called for every miss. */
  saw(key: string | undefined): void;
  readonly extras: Pick<MemberExtras, 'misses'>;
}

/** Keys of misses that each process counts: for people, who look at the first twenty. */
const MISS_SLOTS = 512;

/** Undefined: nothing is cached, every request is a miss. Each miss is counted: the origin was asked, it is slow anyway. */
export function missSide({ cache }: Config): MissSide | undefined {
  if (!cache.enabled) return undefined;
  const missed = new HotKeys(systemClock, MISS_SLOTS, 1);
  return {
    saw: (key) => missed.saw(key),
    extras: { misses: async (most) => missed.top(most) },
  };
}
