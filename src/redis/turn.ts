import { isCount } from './answers.js';
import type { RedisKeys } from './keys.js';
import type { RedisLink, Script } from './link.js';

/** KEYS turn; ARGV node, ms. 1: the turn is (again) this node's. */
const TAKE: Script = {
  name: 'tmdbpTurnTake',
  keys: 1,
  isAnswer: isCount,
  lua: `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`,
};

/** Work that one node does for all, for as long as it goes on doing it. Losing the turn costs doing it twice. */
export class RedisTurn {
  constructor(
    private readonly parts: {
      readonly link: Pick<RedisLink, 'run'>;
      readonly keys: RedisKeys;
      readonly name: string;
      readonly node: string;
      /** How long the turn stays with a node that no longer asks for it, ms. */
      readonly holdMs: number;
      readonly deadlineMs: number;
    },
  ) {}

  /** Whether this node is to do the work now. Rejects with RedisTrouble. */
  async take(): Promise<boolean> {
    const { link, keys, name, node, holdMs, deadlineMs } = this.parts;
    return (await link.run(TAKE, [keys.bus(`turn:${name}`)], [node, holdMs], deadlineMs)) === 1;
  }
}
