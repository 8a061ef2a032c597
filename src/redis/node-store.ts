import { isCount, isEither, isListOf, isOneOf, isText, isTuple } from './answers.js';
import type { RedisKeys } from './keys.js';
import type { RedisLink, Script } from './link.js';

/** What a node wrote of itself. */
export interface StoredNode {
  readonly id: string;
  /** As written; may come from another version of this program. */
  readonly text: string;
  /** Since it was written, by Redis' own count of its time to live, ms: no wall clock is compared (I-13). */
  readonly ageMs: number;
}

/**
 * KEYS row, ids; ARGV text, time to live (ms), id. Answers what was there before. The set has no time to live: evicted, it
 * would hide living nodes; a row that is evicted is back with the next heartbeat.
 */
const WRITE: Script<string | null> = {
  name: 'tmdbpNodeWrite',
  keys: 2,
  isAnswer: isEither(isText, isOneOf(null)),
  lua: `
local before = redis.call('GET', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SADD', KEYS[2], ARGV[3])
return before
`,
};

/** KEYS ids; ARGV what row names begin with. Rows are of the same slot. The dead, whose rows ended, leave the set here. */
const LIST: Script<[id: string, text: string, ttl: number][]> = {
  name: 'tmdbpNodeList',
  keys: 1,
  isAnswer: isListOf(isTuple(isText, isText, isCount)),
  lua: `
local rows = {}
for _, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local text = redis.call('GET', ARGV[1] .. id)
  if text then
    rows[#rows + 1] = {id, text, redis.call('PTTL', ARGV[1] .. id)}
  else
    redis.call('SREM', KEYS[1], id)
  end
end
return rows
`,
};

/** KEYS row, ids; ARGV id, a part of the text that only its writer has. A namesake's row stays. */
const REMOVE: Script = {
  name: 'tmdbpNodeRemove',
  keys: 2,
  isAnswer: isCount,
  lua: `
local text = redis.call('GET', KEYS[1])
if text and not string.find(text, ARGV[2], 1, true) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('SREM', KEYS[2], ARGV[1])
return 1
`,
};

/** Rows of the living nodes in Redis. Rejects with RedisTrouble after its deadline at the latest (I-14). */
export class NodeStore {
  /** `ttlMs`: how long a row outlives its last heartbeat. */
  constructor(
    private readonly link: Pick<RedisLink, 'run'>,
    private readonly keys: RedisKeys,
    private readonly deadlineMs: number,
    readonly ttlMs: number,
  ) {}

  /** Writes a node's row and answers the one it replaces. */
  async write(id: string, text: string): Promise<string | undefined> {
    const before = await this.link.run(WRITE, this.#keys(id), [text, this.ttlMs, id], this.deadlineMs);
    return before ?? undefined;
  }

  async list(): Promise<StoredNode[]> {
    const rows = await this.link.run(
      LIST,
      [this.keys.bus('nodes')],
      [this.keys.bus('node:')],
      this.deadlineMs,
    );
    return rows.map(([id, text, ttl]) => ({ id, text, ageMs: Math.max(0, this.ttlMs - ttl) }));
  }

  /** Removes a node's row if its text holds `mark`. */
  async remove(id: string, mark: string): Promise<void> {
    await this.link.run(REMOVE, this.#keys(id), [id, mark], this.deadlineMs);
  }

  #keys(id: string): string[] {
    return [this.keys.bus(`node:${id}`), this.keys.bus('nodes')];
  }
}
