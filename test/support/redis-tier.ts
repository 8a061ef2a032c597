import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../../src/clock.js';
import { RedisKeys } from '../../src/redis/keys.js';
import { RedisLink } from '../../src/redis/link.js';
import type { RedisAddress, RedisSettings } from '../../src/redis/options.js';
import { RedisTier, type RedisTierParts } from '../../src/tiers/redis.js';

/** Generous: two cores run many tests at once. */
export const TEST_SETTINGS: RedisSettings = {
  connectTimeoutMs: 2000,
  retryDelayMs: 50,
  maxRetries: 3,
  deadlines: { read: 3000, bulk: 5000, write: 3000, control: 5000 },
};

/** Time goes on as it does, from `start` on: what a fresh sample's `storedAt` is compared with. */
export function clockFrom(start: number): Clock {
  const offset = start - Date.now();
  return { ...systemClock, now: () => Date.now() + offset };
}

/** A connected link. */
export async function openLink(address: RedisAddress, settings = TEST_SETTINGS): Promise<RedisLink> {
  return new Promise((resolve) => {
    const link: RedisLink = new RedisLink({
      address,
      settings,
      clock: systemClock,
      events: { onReady: () => resolve(link) },
    });
    link.open();
  });
}

export interface OpenTier {
  readonly tier: RedisTier;
  readonly parts: RedisTierParts;
}

/** A tier with three links of its own, under a prefix that nobody else has unless `changes` name one. */
export async function openTier(
  address: RedisAddress,
  clock: Clock,
  changes: Partial<RedisTierParts> = {},
  settings = TEST_SETTINGS,
): Promise<OpenTier> {
  const [small, large, control] = await Promise.all([
    openLink(address, settings),
    openLink(address, settings),
    openLink(address, settings),
  ]);
  const parts: RedisTierParts = {
    small,
    large: [large],
    control,
    keys: new RedisKeys(`${randomUUID()}:`),
    clock,
    deadlines: settings.deadlines,
    maxEntryBytes: 1024 * 1024,
    writable: true,
    ...changes,
  };
  return { tier: new RedisTier(parts), parts };
}
