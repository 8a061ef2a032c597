import { type Guard, isCount, isCountText, isEither, isListOf, isText, isTuple } from './answers.js';
import type { Script } from './link.js';
import { RUN_ID } from './run-id.js';

/**
 * The purge clock that nodes share, as Lua. KEYS of each: clock, rules, era, run (one slot).
 *
 * - `clock`: the highest number given. `rules`: ZSET, score = number of the last purge of that scope.
 * - `era`: names the data; random, chosen by whoever found none. The member `e|<era>` of `rules` ties the two together: if
 *   any of the keys is lost (wiped, evicted under `allkeys-*`), the log answers `lost` instead of a gap nobody sees (I-4).
 * - `run`: run_id of the server that gave the last number. Another server (failover, restart) may have lost the last
 *   numbers, so its first one leaps over any that can have been given. Unknown: era and clock still tell a loss.
 */
const COMMON = `${RUN_ID}
local CLOCK, RULES, ERA, RUN = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local function era()
  local name = redis.call('GET', ERA)
  if not name or redis.call('EXISTS', CLOCK) == 0 then return nil end
  if not redis.call('ZSCORE', RULES, 'e|' .. name) then return nil end
  return name
end
local function text(number) return string.format('%.0f', number) end
local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
`;

/** The next number, given out: `prev` and `seq` are then known to the script. */
const NUMBER = `
local function leapt(run, leap)
  local clock = tonumber(redis.call('GET', CLOCK))
  if redis.call('GET', RUN) ~= run then
    redis.call('SET', RUN, run)
    clock = math.max(clock, now()) + leap
    redis.call('SET', CLOCK, text(clock))
  end
  return clock
end
local function nextNumber(clock, floor) return math.max(clock + 1, floor + 1, now()) end
local function raise(members, seq)
  redis.call('SET', CLOCK, text(seq))
  for _, member in ipairs(members) do redis.call('ZADD', RULES, 'GT', text(seq), member) end
end
local function fold(most)
  local excess = redis.call('ZCARD', RULES) - most
  if excess <= 0 then return end
  local rows = redis.call('ZRANGE', RULES, 0, excess + 2, 'WITHSCORES')
  local highest = {}
  for i = 1, #rows, 2 do
    local member, kind = rows[i], string.sub(rows[i], 1, 1)
    if kind ~= 'e' and member ~= kind .. '|all' then
      redis.call('ZREM', RULES, member)
      highest[kind] = rows[i + 1] -- ascending: the last is the highest
    end
  end
  for kind, seq in pairs(highest) do redis.call('ZADD', RULES, 'GT', seq, kind .. '|all') end
end
local function ring(channel, node, seq, prev, name, run, members)
  local message = { seq = text(seq), prev = text(prev), era = name, run = run, node = node }
  if #members <= 64 then message.members = members end
  redis.call('PUBLISH', channel, cjson.encode(message))
  return { text(seq), text(prev), name, run }
end
`;

type Numbered = [] | [seq: string, prev: string, era: string, run: string];
const isNumbered: Guard<Numbered> = isEither(isTuple(), isTuple(isCountText, isCountText, isText, isText));

/** ARGV: floor, node, channel, most rules, leap, members… → [seq, prev, era, run] or [] when lost. */
export const RAISE: Script<Numbered> = {
  name: 'tmdbpPurgeRaise',
  keys: 4,
  isAnswer: isNumbered,
  lua: `${COMMON}${NUMBER}
local name, run = era(), server()
if not name then return {} end
local prev = leapt(run, tonumber(ARGV[5]))
local seq = nextNumber(prev, tonumber(ARGV[1]))
local members = {}
for i = 6, #ARGV do members[#members + 1] = ARGV[i] end
raise(members, seq)
fold(tonumber(ARGV[4]))
return ring(ARGV[3], ARGV[2], seq, prev, name, run, members)`,
};

/**
 * Raises anew, under one fresh number, those of the given rules that the log does not have at least as new. ARGV: floor, node,
 * channel, most rules, leap, then member and number by turns → [clock, prev, era, run], clock = prev when nothing was
 * missing; [] when lost.
 */
export const MERGE: Script<Numbered> = {
  name: 'tmdbpPurgeMerge',
  keys: 4,
  isAnswer: isNumbered,
  lua: `${COMMON}${NUMBER}
local name, run = era(), server()
if not name then return {} end
local prev = leapt(run, tonumber(ARGV[5]))
local members = {}
for i = 6, #ARGV, 2 do
  local member, seq = ARGV[i], tonumber(ARGV[i + 1])
  local known = redis.call('ZSCORE', RULES, member)
  if not known or tonumber(known) < seq then members[#members + 1] = member end
end
if #members == 0 then return { text(prev), text(prev), name, run } end
local seq = nextNumber(prev, tonumber(ARGV[1]))
raise(members, seq)
fold(tonumber(ARGV[4]))
return ring(ARGV[3], ARGV[2], seq, prev, name, run, members)`,
};

const isPage: Guard<string[]> = (value): value is string[] => {
  if (!isListOf(isText)(value)) return false;
  const [clock, , , full, ...rules] = value;
  if (value.length === 0) return true;
  return (
    isCountText(clock) &&
    (full === '0' || full === '1') &&
    rules.every((text, i) => i % 2 === 0 || isCountText(text))
  );
};

/**
 * One page of rules above a number, ascending, never cut between rules of one number. ARGV: above, page size →
 * [clock, era, run, full page?, member, score, …] or [] when lost. Writes nothing.
 */
export const READ: Script<string[]> = {
  name: 'tmdbpPurgeRead',
  keys: 4,
  isAnswer: isPage,
  lua: `${COMMON}
local name = era()
if not name then return {} end
local size = tonumber(ARGV[2])
local rows = redis.call('ZRANGEBYSCORE', RULES, '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, size)
local full = #rows >= size * 2
local answer = { redis.call('GET', CLOCK), name, server(), full and '1' or '0' }
local last = full and rows[#rows] or nil
for i = 1, #rows, 2 do
  if rows[i + 1] ~= last then
    answer[#answer + 1] = rows[i]
    answer[#answer + 1] = rows[i + 1]
  end
end
if last then
  for _, value in ipairs(redis.call('ZRANGEBYSCORE', RULES, last, last, 'WITHSCORES')) do
    answer[#answer + 1] = value
  end
end
return answer`,
};

/** Puts rules under their own numbers into a log that is lost; an intact one is left alone. ARGV: member, number, … */
export const SEED: Script<number> = {
  name: 'tmdbpPurgeSeed',
  keys: 4,
  isAnswer: isCount,
  lua: `${COMMON}
if era() then return 0 end
for i = 1, #ARGV, 2 do redis.call('ZADD', RULES, 'GT', ARGV[i + 1], ARGV[i]) end
return 1`,
};

/** Makes a lost log whole. ARGV: new era, floor, leap, '1' for a hard purge of everything → 1, or 0 if it was not lost. */
export const FOUND: Script<number> = {
  name: 'tmdbpPurgeFound',
  keys: 4,
  isAnswer: isCount,
  lua: `${COMMON}
if era() then return 0 end
local top = redis.call('ZRANGE', RULES, -1, -1, 'WITHSCORES')
local clock = math.max(tonumber(redis.call('GET', CLOCK) or '0'), tonumber(ARGV[2]), tonumber(top[2] or '0'), now())
clock = clock + tonumber(ARGV[3])
redis.call('SET', CLOCK, text(clock))
redis.call('SET', ERA, ARGV[1])
redis.call('SET', RUN, server())
redis.call('ZADD', RULES, text(clock), 'e|' .. ARGV[1])
if ARGV[4] == '1' then redis.call('ZADD', RULES, 'GT', text(clock), 'h|all') end
return 1`,
};
