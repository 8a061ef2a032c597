import type { TitlesOfAll } from '../feed/known-titles.js';
import type { Title } from '../feed/status.js';
import type { RedisKeys } from './keys.js';
import type { RedisLink, Script } from './link.js';

const KINDS: readonly Title['kind'][] = ['movie', 'tv', 'person'];

/** KEYS one bitmap per kind; ARGV which of them and an id, by turns. */
const ADD: Script = {
  name: 'tmdbpFeedTitlesAdd',
  keys: 3,
  lua: `
for i = 1, #ARGV, 2 do redis.call('SETBIT', KEYS[tonumber(ARGV[i])], ARGV[i + 1], 1) end
return 1
`,
};

/**
 * The same → '0' or '1' for each, or 'lost' if not all bitmaps have the bit 0, which no title has: it says that everything
 * cached has been noted, and goes with the bitmap should that be lost.
 */
const WHICH: Script = {
  name: 'tmdbpFeedTitlesWhich',
  keys: 3,
  lua: `
for i = 1, 3 do if redis.call('GETBIT', KEYS[i], 0) == 0 then return 'lost' end end
local answer = {}
for i = 1, #ARGV, 2 do answer[#answer + 1] = redis.call('GETBIT', KEYS[tonumber(ARGV[i])], ARGV[i + 1]) end
return table.concat(answer)
`,
};

const COMPLETE: Script = {
  name: 'tmdbpFeedTitlesComplete',
  keys: 3,
  lua: `
for i = 1, 3 do redis.call('SETBIT', KEYS[i], 0, 1) end
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
    this.#keys = KINDS.map((kind) => keys.bus(`feed:cached:${kind}`));
  }

  async add(titles: readonly Title[]): Promise<void> {
    await this.#run(ADD, titles);
  }

  async which(titles: readonly Title[]): Promise<readonly boolean[] | undefined> {
    const answer = String(await this.#run(WHICH, titles));
    return answer === 'lost' ? undefined : [...answer].map((bit) => bit === '1');
  }

  async complete(): Promise<void> {
    await this.#run(COMPLETE, []);
  }

  #run(script: Script, titles: readonly Title[]): Promise<unknown> {
    const args = titles.flatMap(({ kind, id }) => [KINDS.indexOf(kind) + 1, id]);
    return this.link.run(script, this.#keys, args, this.deadlineMs);
  }
}
