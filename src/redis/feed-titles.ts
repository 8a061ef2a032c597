import type { Lack, TitlesOfAll } from '../feed/known-titles.js';
import type { Title } from '../feed/status.js';
import { type Guard, isCount, isText } from './answers.js';
import type { RedisKeys } from './keys.js';
import type { RedisLink, Script } from './link.js';
import { RUN_ID } from './run-id.js';

const KINDS: readonly Title['kind'][] = ['movie', 'tv', 'person'];

/**
 * KEYS of each: one bitmap per kind, `since`. Bit 0, which no title has, goes with a bitmap should that be lost. `since` is a hash:
 * `coverage`, for which the bitmaps are kept; `run`, the server that has kept them since it began: another one (restart from a snapshot,
 * failover) may have lost the last bits, and has bit 0 all the same; `complete`, the coverage under which everything cached had been noted.
 */
const BEGIN: Script = {
  name: 'tmdbpFeedTitlesBegin',
  keys: 4,
  isAnswer: isCount,
  lua: `${RUN_ID}
for i = 1, 3 do redis.call('SETBIT', KEYS[i], 0, 1) end
redis.call('HSET', KEYS[4], 'coverage', ARGV[1], 'run', server())
return 1
`,
};

/** ARGV which bitmap and an id, by turns. */
const ADD: Script = {
  name: 'tmdbpFeedTitlesAdd',
  keys: 4,
  isAnswer: isCount,
  lua: `
for i = 1, #ARGV, 2 do redis.call('SETBIT', KEYS[tonumber(ARGV[i])], ARGV[i + 1], 1) end
return 1
`,
};

const isBits: Guard<string> = (value): value is string => isText(value) && /^(lost|open|[01]*)$/.test(value);

/** ARGV coverage, then the same → '0' or '1' for each, or a Lack. */
const WHICH: Script<string> = {
  name: 'tmdbpFeedTitlesWhich',
  keys: 4,
  isAnswer: isBits,
  lua: `${RUN_ID}
local since = redis.call('HMGET', KEYS[4], 'coverage', 'run', 'complete')
if since[1] ~= ARGV[1] or since[2] ~= server() then return 'lost' end
for i = 1, 3 do if redis.call('GETBIT', KEYS[i], 0) == 0 then return 'lost' end end
if since[3] ~= ARGV[1] then return 'open' end
local answer = {}
for i = 2, #ARGV, 2 do answer[#answer + 1] = redis.call('GETBIT', KEYS[tonumber(ARGV[i])], ARGV[i + 1]) end
return table.concat(answer)
`,
};

/** ARGV coverage. */
const COMPLETE: Script = {
  name: 'tmdbpFeedTitlesComplete',
  keys: 4,
  isAnswer: isCount,
  lua: `
redis.call('HSET', KEYS[4], 'complete', ARGV[1])
return 1
`,
};

/**
 * Which titles any node of the region has cached, a bit each: about a megabyte for all of TMDB's. No time to live, so that
 * `volatile-*` never evicts it. Rejects with RedisTrouble after its deadline at the latest (I-14).
 */
export class RedisFeedTitles implements TitlesOfAll {
  readonly #keys: readonly string[];

  constructor(
    private readonly link: Pick<RedisLink, 'run'>,
    keys: RedisKeys,
    private readonly deadlineMs: number,
  ) {
    this.#keys = [...KINDS, 'since'].map((name) => keys.bus(`feed:cached:${name}`));
  }

  async begin(coverage: string): Promise<void> {
    await this.#run(BEGIN, [coverage]);
  }

  async add(titles: readonly Title[]): Promise<void> {
    await this.#run(ADD, places(titles));
  }

  async which(coverage: string, titles: readonly Title[]): Promise<readonly boolean[] | Lack> {
    const answer = await this.#run(WHICH, [coverage, ...places(titles)]);
    return answer === 'lost' || answer === 'open' ? answer : [...answer].map((bit) => bit === '1');
  }

  async complete(coverage: string): Promise<void> {
    await this.#run(COMPLETE, [coverage]);
  }

  #run<T>(script: Script<T>, args: readonly (string | number)[]): Promise<T> {
    return this.link.run(script, this.#keys, args, this.deadlineMs);
  }
}

function places(titles: readonly Title[]): number[] {
  return titles.flatMap(({ kind, id }) => [KINDS.indexOf(kind) + 1, id]);
}
