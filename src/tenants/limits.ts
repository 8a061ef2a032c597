import type { Tenant } from './tenant.js';

/** What a tenant's account is bounded by. */
export interface Limits {
  /** Requests per second. */
  readonly rate?: number;
  /** Most that may be taken at once after a pause; of no meaning without a rate. */
  readonly capacity: number;
  /** Requests per day (UTC). */
  readonly quota?: number;
}

/** How a process takes from the account: so many at a time, of use for so long. */
export interface Portion {
  readonly size: number;
  readonly forMs: number;
}

/** A part of the rate taken ahead is of use for so long, ms. */
const RATE_FOR_MS = 100;
/** A part of the quota, where there is no rate, ms; what is left of it is given back. */
const QUOTA_FOR_MS = 5000;
/** Most requests taken ahead of a quota without a rate. */
const MOST_AHEAD = 100;

/**
 * Portions and capacity are chosen together, so that nobody is ever let in beyond `burst + rate · t` in any t seconds,
 * however many processes hold portions: what was taken ahead may be used `forMs` later, so the account holds that much
 * less. Tenants too slow for that ask for each request.
 */
export function limitsOf({ rate, burst, quota }: Tenant): {
  readonly limits: Limits;
  readonly portion: Portion;
} {
  const daily = quota === undefined ? MOST_AHEAD : Math.max(1, Math.floor(quota / 1000));
  if (rate === undefined) {
    const size = Math.min(daily, MOST_AHEAD);
    return { limits: { capacity: 0, ...quotaOf(quota) }, portion: { size, forMs: QUOTA_FOR_MS } };
  }
  const atOnce = burst ?? Math.max(1, Math.ceil(rate));
  const ahead = (rate * RATE_FOR_MS) / 1000;
  const size = Math.min(Math.floor(rate / 20), daily);
  const fits = size > 1 && atOnce - ahead >= size;
  return {
    limits: { rate, capacity: fits ? atOnce - ahead : atOnce, ...quotaOf(quota) },
    portion: { size: fits ? size : 1, forMs: RATE_FOR_MS },
  };
}

function quotaOf(quota: number | undefined) {
  return quota === undefined ? {} : { quota };
}

/** A tenant without rate and quota is not counted before it is answered. */
export function isLimited({ rate, quota }: Tenant): boolean {
  return rate !== undefined || quota !== undefined;
}

/** The limits of one of `nodes` that can't ask the others. Each may let in one request at least. */
export function shareOf({ rate, capacity, quota }: Limits, nodes: number): Limits {
  return {
    capacity: Math.max(1, capacity / nodes),
    ...(rate !== undefined && { rate: rate / nodes }),
    ...(quota !== undefined && { quota }),
  };
}
