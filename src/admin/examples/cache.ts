import type { CacheInfoAnswer, ClearAnswer, PurgeAnswer } from '../answers/cache.js';
import { NOW } from './moments.js';

export const INFO: CacheInfoAnswer = {
  cache_enabled: true,
  architecture: 'L1 (Memory) + L2 (Redis/Disk)',
  memory_cache: {
    enabled: true,
    max_size: 451_694,
    current_size: 812,
    bytes: 9_412_608,
    max_bytes: 234_881_024,
    hits: 41_320,
    misses: 1880,
    hit_rate: 0.9565,
    ttl: { detail: 900, search: 180, image: 1800 },
  },
  l2_cache: {
    type: 'disk',
    enabled: true,
    nodes: ['/data'],
    current_size: 812,
    total_size: 9_412_608,
    max_bytes: 10_737_418_240,
    hits: 790,
    misses: 1090,
    hit_rate: 0.4202,
    ttl: { detail: 21_600, search: 600, image: 604_800 },
    pool_size: 0,
    in_use: 'disk',
    in_use_reason: null,
  },
};

export const CLEARED: ClearAnswer = {
  message: 'All tiers cleared',
  type: 'all',
  soft: false,
  cleared: { memory: 812, disk: 812 },
  nodes_reached: 1,
  pending: false,
  timestamp: NOW,
};

/** Body of a request, and its answer. */
export const PURGE = { tags: ['movie:550'], urls: ['/3/movie/popular'], soft: true };

export const PURGED: PurgeAnswer = {
  message: '2 rules in force',
  soft: true,
  epochs_raised: 1,
  tombstones_written: 1,
  nodes_reached: 1,
  pending: false,
  timestamp: NOW,
};
