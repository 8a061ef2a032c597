import { isCount } from '../redis/answers.js';
import type { Script } from '../redis/link.js';
import { STORED_FENCE } from '../redis/value-header.js';

/**
 * Writes an entry unless a later leader has the key (I-4): its lease is held under a later fence, or what it stored is
 * there. Keys: entry, lease. Arguments: fence, PX (0: take away what is there), value. Answers 1, or 0 when refused.
 */
export const WRITE_SCRIPT: Script<number> = {
  name: 'tmdbpWriteEntry',
  keys: 2,
  isAnswer: isCount,
  lua: `${STORED_FENCE}
local fence = tonumber(ARGV[1])
local lease = redis.call('GET', KEYS[2])
local leader = lease and tonumber(string.match(lease, '^%d+'))
if leader and leader > fence then return 0 end
if stored_fence(KEYS[1]) > fence then return 0 end
if ARGV[2] == '0' then redis.call('UNLINK', KEYS[1])
else redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[2]) end
return 1`,
};
