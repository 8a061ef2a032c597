import { isCount, isListOf, isText, isTuple } from './answers.js';
import type { RedisKeys } from './keys.js';
import type { RedisLink, Script } from './link.js';

/**
 * What one tenant has used: a bucket and a count for the day, by Redis' own clock (I-13). tenants/account.ts does the same
 * for a node that is alone. No time to live: under `volatile-*` it is then never evicted.
 * KEYS account; ARGV want, rate (-1: none), capacity, quota (-1: none), change, its day, floor, its day.
 * Answers {given, why (0 none, 1 rate, 2 quota), ms to wait, used, day}.
 */
const TAKE: Script<[given: number, why: number, waitMs: number, used: number, day: number]> = {
  name: 'tmdbpTenantTake',
  keys: 1,
  isAnswer: isTuple(isCount, isCount, isCount, isCount, isCount),
  lua: `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local want, rate, capacity, quota = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local stored = redis.call('HMGET', KEYS[1], 'day', 'used', 'at', 'level')
local today = math.floor(now / 86400000)
local day, used = tonumber(stored[1]), tonumber(stored[2]) or 0
if not day or day < today or day > today + 1 then day, used = today, 0 end
if tonumber(ARGV[8]) == day and tonumber(ARGV[7]) > used then used = tonumber(ARGV[7]) end
local change = 0
if tonumber(ARGV[6]) == day then change = tonumber(ARGV[5]) end
used = math.max(0, used + change)
local left = want
if quota >= 0 then left = math.max(0, quota - used) end
local give = math.min(want, left)
local level = 0
if rate > 0 then
  local at = tonumber(stored[3]) or now
  level = math.min(capacity, (tonumber(stored[4]) or capacity) + math.max(0, now - at) * rate / 1000)
  level = math.max(0, math.min(capacity, level - change))
  give = math.min(give, math.floor(level))
  redis.call('HSET', KEYS[1], 'at', string.format('%.0f', now), 'level', string.format('%.6f', level - give))
end
redis.call('HSET', KEYS[1], 'day', day, 'used', string.format('%.0f', used + give))
local why, wait = 0, 0
if give < 1 and want > 0 then
  if left < 1 then why, wait = 2, (day + 1) * 86400000 - now
  else why, wait = 1, math.ceil((1 - level) * 1000 / rate) end
end
return {give, why, wait, used + give, day}
`,
};

/** KEYS usage of a day; ARGV time to live (s), then fields and values. */
const WRITE_USAGE: Script = {
  name: 'tmdbpTenantUsageWrite',
  keys: 1,
  isAnswer: isCount,
  lua: `
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
`,
};

/** Days of usage that are read and kept. */
export const USAGE_DAYS = 31;
/** They live a little longer than they are read, s. */
const USAGE_TTL_S = 40 * 86_400;
/** Fields written by one script. */
const MOST_FIELDS = 500;

/** KEYS usage of so many days. Answers the fields and values of each. */
const READ_USAGE: Script<string[][]> = {
  name: 'tmdbpTenantUsageRead',
  keys: USAGE_DAYS,
  isAnswer: isListOf(isListOf(isText)),
  lua: `
local days = {}
for i, key in ipairs(KEYS) do days[i] = redis.call('HGETALL', key) end
return days
`,
};

export interface TenantLimits {
  /** Per second. */
  readonly rate?: number;
  readonly capacity: number;
  /** Per day. */
  readonly quota?: number;
}

/** A number of the quota of one day, which is whole days since the epoch, UTC. */
interface OfDay {
  readonly day: number;
}

export interface TenantTaken extends OfDay {
  readonly given: number;
  readonly refused?: 'rate' | 'quota';
  readonly waitMs: number;
  readonly used: number;
}

export interface TenantStoreParts {
  readonly link: Pick<RedisLink, 'run'>;
  readonly keys: RedisKeys;
  /** A client waits for an account; longer than this and the node's own share decides, ms. */
  readonly takeMs: number;
  /** For usage, which nobody waits for but who looks at it, ms. */
  readonly deadlineMs: number;
}

/** Accounts and usage of tenants in Redis, all in the slot of the bus. Rejects with RedisTrouble after its deadline (I-14). */
export class RedisTenantStore {
  constructor(private readonly parts: TenantStoreParts) {}

  /** `change` and `floor` as in tenants/ledger.ts. */
  async take(
    tenant: string,
    { rate = -1, capacity, quota = -1 }: TenantLimits,
    want: number,
    change: OfDay & { readonly amount: number },
    floor?: OfDay & { readonly used: number },
  ): Promise<TenantTaken> {
    const { link, keys, takeMs } = this.parts;
    const atLeast = floor ?? { used: 0, day: -1 };
    const args = [want, rate, capacity, quota, change.amount, change.day, atLeast.used, atLeast.day];
    const answer = await link.run(TAKE, [keys.bus(`tenant:${tenant}`)], args, takeMs);
    const [given, why, waitMs, used, day] = answer;
    const refused = why === 1 ? 'rate' : why === 2 ? 'quota' : undefined;
    return { given, waitMs, used, day, ...(refused !== undefined && { refused }) };
  }

  /** Fields and their values, in place of those of the same name. */
  async writeUsage(day: number, rows: readonly (readonly [field: string, value: string])[]): Promise<void> {
    const { link, deadlineMs } = this.parts;
    for (let from = 0; from < rows.length; from += MOST_FIELDS) {
      const part = rows.slice(from, from + MOST_FIELDS).flat();
      await link.run(WRITE_USAGE, [this.#usage(day)], [USAGE_TTL_S, ...part], deadlineMs);
    }
  }

  /** The days up to `last`, that one first. */
  async readUsage(last: number): Promise<{ readonly day: number; readonly rows: [string, string][] }[]> {
    const { link, deadlineMs } = this.parts;
    const days = Array.from({ length: USAGE_DAYS }, (_, i) => last - i);
    const answer = await link.run(
      READ_USAGE,
      days.map((day) => this.#usage(day)),
      [],
      deadlineMs,
    );
    return answer.map((flat, i) => {
      const rows: [string, string][] = [];
      for (let at = 0; at + 1 < flat.length; at += 2) rows.push([flat[at]!, flat[at + 1]!]);
      return { day: days[i]!, rows };
    });
  }

  #usage(day: number): string {
    return this.parts.keys.bus(`usage:${day}`);
  }
}
