import { feed } from './feed.mjs';
import { growth } from './growth.mjs';
import { hit } from './hit.mjs';
import { l2Disk } from './l2-disk.mjs';
import { l2Redis } from './l2-redis.mjs';
import { latency } from './latency.mjs';
import { memory } from './memory.mjs';
import { miss } from './miss.mjs';
import { mixed } from './mixed.mjs';
import { profile } from './profile.mjs';
import { purge } from './purge.mjs';
import { storm } from './storm.mjs';
import { allMiss, giant, hugeKeys, redisSlow, slowClients } from './unflattering.mjs';

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} summary one line
 * @property {readonly string[]} [needs] programs without which it can't run; a smoke run leaves it out then, and says so
 * @property {string} [reference] target that the others are compared with; a variant may have its own
 * @property {readonly import('../lib/measure.mjs').Variant[]} [variants]
 * @property {readonly import('../lib/goals.mjs').Goal[]} [goals]
 * @property {(results: { variants: Record<string, unknown> }) => Record<string, number>} [facts] computed from the variants
 * @property {(options: import('../lib/arguments.mjs').Options) => Promise<{ env?: Record<string, string>, stop?: () => Promise<void> }>} [setUp]
 *   what all variants need; `env` goes to the product
 * @property {readonly string[]} [targets] those of `own`
 * @property {(run: import('../lib/run.mjs').Run) => Promise<{ facts: Record<string, number>, tables: Table[], verified?: Record<string, string> }>} [own]
 *   what does not fit into variants
 *
 * @typedef {{ title: string, columns: readonly string[], rows: readonly (readonly (string | number)[])[] }} Table
 */

/** @type {readonly Scenario[]} */
export const scenarios = [
  hit,
  l2Disk,
  l2Redis,
  miss,
  mixed,
  storm,
  purge,
  feed,
  growth,
  latency,
  memory,
  profile,
  hugeKeys,
  allMiss,
  slowClients,
  redisSlow,
  giant,
];
