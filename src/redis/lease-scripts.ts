import { type Guard, isCount, isCountText, isEither, isOneOf, isText, isTuple } from './answers.js';
import type { Script } from './link.js';
import { STORED_FENCE } from './value-header.js';

/**
 * How long a claim, or any other of these calls, may take, ms (I-14). In one data centre they take under 5; to give up early
 * costs the origin a request for each node. A Redis that hangs has shown it before, when it was read: see `available`.
 */
export const LEASE_DEADLINE_MS = 400;

/*
 * A lease key holds `<fence>:<stamp>` while a fill is under way and `<fence>:u` while its key is known to be
 * uncacheable. Fences are µs of the server's clock: whole numbers below 2^53, written with %.0f because Lua's own way
 * would round them to 14 digits.
 */

/** What a lease key holds. */
const isHeld: Guard<string> = (value): value is string => isText(value) && /^\d+:/.test(value);

/**
 * KEYS lease, entry; ARGV length of the lease in ms, stamp, number of the latest purge that may name the key. Answers {1, fence, whether an entry is there} or {0, value}.
 * The fence in the entry's header keeps fences rising where the lease was evicted or the server's time stepped back (I-4). A lease of a fill that began before that purge is
 * taken over (I-3).
 */
export const ACQUIRE: Script<[granted: 1, fence: string, filled: number] | [granted: 0, held: string]> = {
  name: 'tmdbpLeaseAcquire',
  keys: 2,
  isAnswer: isEither(isTuple(isOneOf(1), isCountText, isCount), isTuple(isOneOf(0), isHeld)),
  lua: `${STORED_FENCE}
local last = 0
local held = redis.call('GET', KEYS[1])
if held then
  local fence, state = string.match(held, '^(%d+):(.*)$')
  if state == 'u' or (tonumber(state) or -1) >= tonumber(ARGV[3]) then return {0, held} end
  last = tonumber(fence)
end
last = math.max(last, stored_fence(KEYS[2]))
local time = redis.call('TIME')
local fence = math.max(tonumber(time[1]) * 1000000 + tonumber(time[2]), last + 1)
local text = string.format('%.0f', fence)
redis.call('SET', KEYS[1], text .. ':' .. ARGV[2], 'PX', ARGV[1])
return {1, text, redis.call('EXISTS', KEYS[2])}
`,
};

/** KEYS lease; ARGV its value, its length in ms. Answers whether it was still ours. */
export const EXTEND: Script<number> = {
  name: 'tmdbpLeaseExtend',
  keys: 1,
  isAnswer: isCount,
  lua: `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`,
};

/**
 * KEYS lease; ARGV its value, the mark to leave (or ''), how long it stays in ms, the channel, the message. A lease that
 * is no longer ours is left alone, and nobody is told: its new holder will.
 */
export const RELEASE: Script = {
  name: 'tmdbpLeaseRelease',
  keys: 1,
  isAnswer: isCount,
  lua: `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
redis.call('PUBLISH', ARGV[4], ARGV[5])
return 1
`,
};
