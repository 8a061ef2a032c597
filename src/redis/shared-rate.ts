import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { isCount, isTuple } from './answers.js';
import type { Script } from './link.js';
import type { RunScript } from './shared-connections.js';
import type { SharedMode } from './shared-mode.js';

/** Who waits for a request (origin/source.ts names the same). */
export type SharePriority = 'user' | 'refresh' | 'background';

/**
 * Counts in windows of milliseconds, where the library's own script knows whole seconds. What is refused is not counted:
 * those who try again would otherwise use up what they wait for. A hold (429) refuses everybody until it ends.
 * KEYS counter, hold; ARGV points, window (ms), limit. Answers as the library wants it: {consumed, ms left}.
 */
const CONSUME: Script = {
  name: 'tmdbpBudgetConsume',
  keys: 2,
  isAnswer: isTuple(isCount, isCount),
  lua: `
local points, limit = tonumber(ARGV[1]), tonumber(ARGV[3])
local held = redis.call('PTTL', KEYS[2])
if held > 0 then return {limit + 1, held} end
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('SET', KEYS[1], points, 'PX', ARGV[2])
  return {points, tonumber(ARGV[2])}
end
local consumed = tonumber(redis.call('GET', KEYS[1])) + points
if consumed <= limit then redis.call('INCRBY', KEYS[1], points) end
return {consumed, math.max(1, left)}
`,
};

/** A part of the rate. Small windows: what two of them allow at their common edge is the burst a node allows anyway. */
const WINDOWS_PER_SECOND = 4;
/** The part of a window that lower classes may fill. */
const PART: Record<SharePriority, number> = { user: 1, refresh: 0.75, background: 0.5 };

/** Whole points, and the time in which they are exactly `rate` per second, ms. Slow rates: one point per 1/rate. */
export function windowOf(rate: number): { readonly points: number; readonly ms: number } {
  const points = Math.max(1, Math.floor(rate / WINDOWS_PER_SECOND));
  return { points, ms: Math.ceil((points * 1000) / rate) };
}

export interface SharedRateOptions {
  /** Requests per second of all nodes together. */
  readonly rate: number;
  readonly key: string;
  readonly holdKey: string;
  readonly mode: SharedMode;
  readonly run: RunScript;
}

/**
 * The rate of one upstream group, by `rate-limiter-flexible`: windows counted in Redis by its own time to live, so that
 * no node's clock matters (I-13); while Redis is away its in-memory insurance with this node's equal share.
 */
export class SharedRate {
  readonly #options: SharedRateOptions;
  readonly #limiters: Record<SharePriority, RateLimiterRedis>;
  readonly #share: RateLimiterMemory;

  constructor(options: SharedRateOptions) {
    this.#options = options;
    const { points, ms } = windowOf(options.rate);
    this.#share = new RateLimiterMemory({ points, duration: ms / 1000, keyPrefix: '' });
    const limiter = (part: number) =>
      new RateLimiterRedis({
        storeClient: this.#client(),
        keyPrefix: '',
        points: Math.max(1, Math.floor(points * part)),
        // Milliseconds: the script above reads them so.
        duration: ms,
        insuranceLimiter: this.#share,
      });
    this.#limiters = {
      user: limiter(PART.user),
      refresh: limiter(PART.refresh),
      background: limiter(PART.background),
    };
  }

  /** Takes one request's worth: 0, or how long to wait before asking again, ms. */
  async take(priority: SharePriority): Promise<number> {
    const { mode, key } = this.#options;
    this.#resize();
    try {
      if (mode.shared && mode.ownShare) await this.#share.consume(key);
      await this.#limiters[priority].consume(key);
      return 0;
    } catch (refused) {
      if (refused instanceof RateLimiterRes) return Math.max(1, refused.msBeforeNext);
      throw refused;
    }
  }

  #resize(): void {
    const { points, ms } = windowOf(this.#options.rate / this.#options.mode.nodes);
    this.#share.points = points;
    this.#share.duration = ms / 1000;
  }

  /** What the library takes for an ioredis client: the one command it sends, with our deadline around it (I-14). */
  #client() {
    const { run, mode, holdKey } = this.#options;
    return {
      rlflxIncr: async ([key, points, windowMs, limit]: readonly string[]): Promise<unknown> => {
        if (mode.shared) {
          try {
            return await run(CONSUME, [key!, holdKey], [points!, windowMs!, limit!]);
          } catch {
            // Noted by `run`.
          }
        }
        // The others may have filled the last window in Redis just before it went: own shares begin after it.
        const pause = mode.pause(Number(windowMs));
        if (pause > 0) return [Number(limit) + 1, pause];
        throw new Error('nothing is shared: the insurance decides');
      },
    };
  }
}
