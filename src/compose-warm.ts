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
