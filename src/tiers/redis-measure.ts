import type { RedisLink } from '../redis/link.js';
import { type Master, mastersOf, valuesOf } from './redis-masters.js';

/** What all masters hold together. Other users of the same Redis are counted as well: it is their memory bound too. */
export interface Measured {
  /** Keys of any kind. */
  readonly entries: number;
  /** `used_memory`. */
  readonly bytes: number;
  /** `maxmemory`, or the memory of the machine where none is set. */
  readonly maxBytes: number;
  /** Values evicted for want of memory since the servers started. */
  readonly evictions: number;
}

export const NOTHING_MEASURED: Measured = { entries: 0, bytes: 0, maxBytes: 0, evictions: 0 };

/** Asks every master. Rejects with RedisTrouble when one of them does not answer. */
export async function measureMasters(control: RedisLink, deadlineMs: number): Promise<Measured> {
  const parts = await Promise.all(
    mastersOf(control).map((master) => control.call('measure', deadlineMs, () => measureOne(master))),
  );
  return parts.reduce(sum, NOTHING_MEASURED);
}

async function measureOne({ node }: Master): Promise<Measured> {
  const [entries, memory, stats] = await valuesOf(node.pipeline().dbsize().info('memory').info('stats'));
  const field = (text: unknown, name: string) =>
    Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(String(text))?.[1] ?? 0);
  return {
    entries: Number(entries),
    bytes: field(memory, 'used_memory'),
    maxBytes: field(memory, 'maxmemory') || field(memory, 'total_system_memory'),
    evictions: field(stats, 'evicted_keys'),
  };
}

function sum(a: Measured, b: Measured): Measured {
  return {
    entries: a.entries + b.entries,
    bytes: a.bytes + b.bytes,
    maxBytes: a.maxBytes + b.maxBytes,
    evictions: a.evictions + b.evictions,
  };
}
