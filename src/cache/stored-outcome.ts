import type { ForwardReason } from '../http/cache-status.js';
import { type Found, freshFor } from './lookup.js';
import type { Outcome, StaleReason } from './outcome.js';
import type { SharedRoute } from './site.js';

/** Why a stored answer is given although it is stale, and whether the origin was asked first. */
export interface StandIn {
  readonly stale: StaleReason;
  readonly forward?: ForwardReason | undefined;
  readonly forwardStatus?: number | undefined;
}

/** What is told of an answer from the tiers at `now` (ms): a hit, or a stale one that stands in. */
export function storedOutcome(
  found: Found,
  { key, template }: Pick<SharedRoute, 'key' | 'template'>,
  now: number,
  standIn?: StandIn,
): Outcome {
  return {
    result: standIn === undefined ? 'hit' : 'stale',
    served: found.tier,
    class: found.entry.class,
    route: template,
    key,
    forward: standIn?.forward,
    forwardStatus: standIn?.forwardStatus,
    ttl: Math.floor(freshFor(found, now) / 1000),
    stale: standIn?.stale,
  };
}
