import type { RedisLink } from '../redis/link.js';
import { type Master, mastersOf, valuesOf } from './redis-masters.js';

/** What all masters hold together. Other users of the same Redis are counted as well: it is their memory bound too. */
export interface Measured {
  /** Keys of any kind. */
  readonly entries: number;
  /** `used_memory`. */
  readonly bytes: number;
  /** `maxmemory`; 0 where a master has none: then there is no bound of theirs together. */
  readonly maxBytes: number;
  /** Values evicted for want of memory since the servers started. */
  readonly evictions: number;
  /** Values whose time was over, the same. */
  readonly expired: number;
}

export const NOTHING_MEASURED: Measured = { entries: 0, bytes: 0, maxBytes: 0, evictions: 0, expired: 0 };

/** Asks every master. Rejects with RedisTrouble when one of them does not answer. */
export async function measureMasters(control: RedisLink, deadlineMs: number): Promise<Measured> {
  const parts = await Promise.all(
    mastersOf(control).map((master) => control.call('measure', deadlineMs, () => measureOne(master))),
  );
  const unbounded = parts.some(({ maxBytes }) => maxBytes === 0);
  const whole = parts.reduce(sum, NOTHING_MEASURED);
  return unbounded ? { ...whole, maxBytes: 0 } : whole;
}

async function measureOne({ node }: Master): Promise<Measured> {
  const [entries, memory, stats] = await valuesOf(node.pipeline().dbsize().info('memory').info('stats'));
  const field = (text: unknown, name: string) =>
    Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(String(text))?.[1] ?? 0);
  return {
    entries: Number(entries),
    bytes: field(memory, 'used_memory'),
    maxBytes: field(memory, 'maxmemory'),
    evictions: field(stats, 'evicted_keys'),
    expired: field(stats, 'expired_keys'),
  };
}

function sum(a: Measured, b: Measured): Measured {
  return {
    entries: a.entries + b.entries,
    bytes: a.bytes + b.bytes,
    maxBytes: a.maxBytes + b.maxBytes,
    evictions: a.evictions + b.evictions,
    expired: a.expired + b.expired,
  };
}
