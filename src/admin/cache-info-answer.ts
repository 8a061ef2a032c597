import type { CacheConfig, ClassTtl, Config } from '../config/config.js';
import { RECORD_OVERHEAD } from '../tiers/memory.js';
import type { CacheInfoAnswer, L2Type } from './answers/cache.js';
import { hitRate, l2Stats } from './merge-stats.js';
import { addTierStats, type CoreReport, type WorkerReport } from './report.js';

/** `GET /cache/info` for all workers together: what was configured beside what is in use. */
export function cacheInfo(
  config: Pick<Config, 'cache' | 'redis'>,
  reports: readonly WorkerReport[],
  core: CoreReport,
): CacheInfoAnswer {
  const { cache, redis } = config;
  const l1 = addTierStats(reports.map((report) => report.l1));
  const l2 = l2Stats(reports, core);
  const { type, inUse, reason } = core.l2;
  return {
    cache_enabled: cache.enabled,
    // The contract's literal; `type` and `in_use` below say which of the two it is.
    architecture: 'L1 (Memory) + L2 (Redis/Disk)',
    memory_cache: {
      enabled: cache.enabled && l1.maxBytes > 0,
      max_size: Math.floor(l1.maxBytes / RECORD_OVERHEAD),
      current_size: l1.entries,
      bytes: l1.bytes,
      max_bytes: l1.maxBytes,
      hits: l1.hits,
      misses: l1.misses,
      hit_rate: hitRate(l1.hits, l1.misses),
      ttl: seconds(cache, 'memoryMs'),
    },
    l2_cache: {
      type,
      enabled: cache.enabled && inUse !== 'none',
      nodes: nodesOf(type, cache, redis),
      current_size: l2.entries,
      total_size: l2.bytes,
      max_bytes: l2.maxBytes,
      hits: l2.hits,
      misses: l2.misses,
      hit_rate: hitRate(l2.hits, l2.misses),
      ttl: seconds(cache, 'freshMs'),
      pool_size: inUse === 'redis' ? redis.poolSize : 0,
      in_use: inUse,
      in_use_reason: reason,
    },
  };
}

function nodesOf(type: L2Type, cache: CacheConfig, redis: Config['redis']): string[] {
  if (type === 'redis') return (redis.l2?.nodes ?? []).map((node) => `${node.host}:${node.port}`);
  return type === 'disk' ? [cache.dir] : [];
}

function seconds(cache: CacheConfig, time: keyof ClassTtl): Record<string, number> {
  return Object.fromEntries(Object.entries(cache.classes).map(([name, ttl]) => [name, ttl[time] / 1000]));
}
