import type { PerKind } from '../feed/status.js';
import type { FeedStore, Glance, Saved } from '../feed/store.js';
import { isBytes, isCount, isCountText, isEither, isListOf, isOneOf, isText, isTuple } from './answers.js';
import type { RedisKeys } from './keys.js';
import type { RedisLink, Script } from './link.js';

/**
 * KEYS state, alive. `state` is a hash without a time to live, so that `volatile-*` never evicts it: coverage, date, text, the lists, and `at`, the
 * time of the last complete reading by Redis' own clock (I-13). Answers [coverage, date, age (ms) or '', left to live (ms)] or [].
 */
const LOOK: Script<[] | [coverage: string, date: string, age: string, left: number]> = {
  name: 'tmdbpFeedLook',
  keys: 2,
  isAnswer: isEither(isTuple(), isTuple(isText, isText, isEither(isCountText, isOneOf('')), isCount)),
  lua: `
local row = redis.call('HMGET', KEYS[1], 'coverage', 'date', 'at')
if not row[1] or not row[2] then return {} end
local age = ''
if row[3] then
  local time = redis.call('TIME')
  age = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) - tonumber(row[3]))
end
return { row[1], row[2], age, redis.call('PTTL', KEYS[2]) }
`,
};

/** KEYS state → [coverage, date, text, movie, tv, person] as bytes. */
const LOAD: Script<(Buffer | null)[]> = {
  name: 'tmdbpFeedLoad',
  keys: 1,
  isAnswer: isListOf(isEither(isBytes, isOneOf(null))),
  buffers: true,
  lua: `return redis.call('HMGET', KEYS[1], 'coverage', 'date', 'text', 'movie', 'tv', 'person')`,
};

/** KEYS state, alive; ARGV coverage, date, ms to live or '', text, movie, tv, person. 0: a later reading is there. */
const SAVE: Script<number> = {
  name: 'tmdbpFeedSave',
  keys: 2,
  isAnswer: isCount,
  lua: `
local row = redis.call('HMGET', KEYS[1], 'coverage', 'date')
if row[1] == ARGV[1] and row[2] and tonumber(row[2]) > tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'coverage', ARGV[1], 'date', ARGV[2], 'text', ARGV[4],
  'movie', ARGV[5], 'tv', ARGV[6], 'person', ARGV[7])
if ARGV[3] ~= '' then
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  redis.call('HSET', KEYS[1], 'at', string.format('%.0f', now))
  redis.call('SET', KEYS[2], '1', 'PX', ARGV[3])
end
return 1
`,
};

/** Progress of the change feed, for all nodes of a region. Rejects with RedisTrouble after its deadline at the latest (I-14). */
export class RedisFeedStore implements FeedStore {
  readonly #link: Pick<RedisLink, 'run'>;
  readonly #state: string;
  readonly #alive: string;

  constructor(
    link: Pick<RedisLink, 'run'>,
    keys: RedisKeys,
    private readonly deadlineMs: number,
  ) {
    this.#link = link;
    this.#state = keys.bus('feed:state');
    this.#alive = keys.bus('feed:alive');
  }

  async look(): Promise<Glance | undefined> {
    const answer = await this.#run(LOOK, [this.#state, this.#alive], []);
    if (answer.length === 0) return undefined;
    const [coverage, date, age, left] = answer;
    const ageMs = age === '' ? undefined : Math.max(0, Number(age));
    return { coverage, date: Number(date), ageMs, aliveMs: Math.max(0, left) };
  }

  async load(): Promise<Saved | undefined> {
    const [coverage, date, text, movie, tv, person] = await this.#run(LOAD, [this.#state], []);
    if (!coverage || !date || !text) return undefined;
    const lists: PerKind<Buffer> = { movie: movie ?? NONE, tv: tv ?? NONE, person: person ?? NONE };
    return { coverage: coverage.toString(), date: Number(date.toString()), text: text.toString(), lists };
  }

  async save({ coverage, date, text, lists }: Saved, aliveMs: number | undefined): Promise<boolean> {
    const px = aliveMs === undefined ? '' : Math.ceil(aliveMs);
    const args = [coverage, date, px, text, lists.movie, lists.tv, lists.person];
    return (await this.#run(SAVE, [this.#state, this.#alive], args)) === 1;
  }

  #run<T>(
    script: Script<T>,
    keys: readonly string[],
    args: readonly (string | number | Buffer)[],
  ): Promise<T> {
    return this.#link.run(script, keys, args, this.deadlineMs);
  }
}

const NONE = Buffer.alloc(0);
