import type { BusKind, L2Kind } from '../config.js';

/** What was said about Redis; a deployment is opaque here. */
export interface RedisWishes<T> {
  /** `USE_REDIS`; undefined is `auto`, which is also what unset means. */
  readonly useRedis: boolean | undefined;
  /** Addresses for L2, and the variable that gave them. */
  readonly l2: { readonly target: T; readonly variable: string } | undefined;
  /** `BUS_REDIS_URL`. */
  readonly bus: T | undefined;
}

export interface RedisRoles<T> {
  readonly l2: L2Kind;
  readonly l2Target: T | undefined;
  /** Why L2 is what it is; undefined when it was said outright. */
  readonly l2Reason: string | undefined;
  readonly bus: BusKind;
  readonly busTarget: T | undefined;
  readonly busReason: string | undefined;
  /** Why the program must not start. */
  readonly refusal: string | undefined;
}

/** DESIGN, "Configuration derives itself, visibly": rules 1 to 4. Explicit settings win and have no reason. */
export function deriveRedisRoles<T>(wishes: RedisWishes<T>): RedisRoles<T> {
  const { useRedis, l2, bus } = wishes;
  if (useRedis === false) {
    // "USE_REDIS=false is explicit: disk. The bus may have a Redis of its own."
    return {
      l2: 'disk',
      l2Target: undefined,
      l2Reason: undefined,
      bus: bus === undefined ? 'local' : 'redis',
      busTarget: bus,
      busReason:
        bus === undefined ? 'USE_REDIS=false and no Redis of its own: purges reach this machine' : undefined,
      refusal: undefined,
    };
  }
  const target = l2?.target ?? bus;
  if (target === undefined) return withoutRedis(useRedis);
  return {
    l2: 'redis',
    l2Target: target,
    l2Reason: reasonForL2(wishes),
    bus: 'redis',
    busTarget: bus ?? target,
    // Rule 2: L2 Redis given, bus unset → bus uses it.
    busReason: bus === undefined ? `${l2?.variable} is given: the bus uses the Redis of L2` : undefined,
    refusal: undefined,
  };
}

function reasonForL2<T>({ useRedis, l2 }: RedisWishes<T>): string | undefined {
  // Rule 3: bus Redis given, L2 Redis unset → L2 uses it.
  if (l2 === undefined) return 'BUS_REDIS_URL is given: L2 uses the Redis of the bus';
  // Rule 1: Redis nodes given, tier unset → L2 becomes Redis.
  return useRedis === undefined ? `${l2.variable} is given: L2 is Redis` : undefined;
}

function withoutRedis<T>(useRedis: boolean | undefined): RedisRoles<T> {
  return {
    l2: 'disk',
    l2Target: undefined,
    l2Reason: 'no Redis address is given: L2 is the disk store',
    bus: 'local',
    busTarget: undefined,
    busReason: 'no Redis address is given: purges reach this machine',
    // Rule 4: Redis demanded without an address → refuse, and say which variable to set.
    refusal:
      useRedis === true
        ? 'true demands Redis, but no address is given; set REDIS_CLUSTER_NODES, REDIS_URL or REDIS_SENTINELS, or USE_REDIS=false'
        : undefined,
  };
}
