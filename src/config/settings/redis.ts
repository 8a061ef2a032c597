import { hostPorts, redisUrl } from '../addresses.js';
import { anySecret, boolean, booleanOrAuto, duration, integer, text } from '../kinds.js';
import { optional, setting } from '../setting.js';

const deadline = duration('seconds', { zero: false });

export const REDIS_SETTINGS = {
  USE_REDIS: setting({
    kind: booleanOrAuto,
    default: 'auto',
    meaning:
      'Whether L2 is Redis (`true`), the disk store (`false`), or what the addresses suggest (`auto`).',
  }),
  REDIS_CLUSTER_NODES: optional({
    kind: hostPorts(6379),
    whenUnset: 'no cluster',
    meaning: 'Seeds of a Redis Cluster.',
  }),
  REDIS_URL: optional({
    kind: redisUrl,
    whenUnset: 'no single server',
    secret: 'login',
    meaning: 'One Redis server; what the URL says wins over the variables below.',
  }),
  REDIS_SENTINELS: optional({
    kind: hostPorts(26_379),
    whenUnset: 'no Sentinels',
    meaning: 'Sentinels that know the master; needs `REDIS_SENTINEL_NAME`.',
  }),
  REDIS_SENTINEL_NAME: optional({
    kind: text('the name of the master group', /^[\w.-]+$/),
    whenUnset: 'required by `REDIS_SENTINELS`',
    meaning: 'Name under which the Sentinels know the master.',
  }),
  REDIS_USERNAME: optional({ kind: anySecret, whenUnset: 'the default user', meaning: 'User of Redis.' }),
  REDIS_PASSWORD: optional({
    kind: anySecret,
    whenUnset: 'none',
    secret: 'all',
    meaning: 'Password of Redis.',
  }),
  REDIS_DB: setting({
    kind: integer(0, 99_999),
    default: '0',
    meaning: 'Database number; a cluster has only 0.',
  }),
  REDIS_TLS: setting({ kind: boolean, default: 'false', meaning: 'Connects to Redis with TLS.' }),
  REDIS_POOL_SIZE: setting({
    kind: integer(1, 1000),
    default: '10',
    meaning: 'Most connections of all processes together that carry bodies to one Redis server.',
    remark:
      'commands share connections: each process has one for small values, one for scans and the rest of its part, at most 4, for large bodies',
  }),
  REDIS_MIN_IDLE_CONNS: setting({
    kind: integer(0, 1000),
    default: '0',
    meaning: 'Idle connections to keep; accepted for older installations.',
    remark: 'has no effect: connections are shared and stay open anyway',
  }),
  REDIS_CONNECT_TIMEOUT: setting({ kind: deadline, default: '5', meaning: 'Upper bound of connecting.' }),
  REDIS_READ_TIMEOUT: setting({ kind: deadline, default: '3', meaning: 'Upper bound of a read.' }),
  REDIS_WRITE_TIMEOUT: setting({ kind: deadline, default: '3', meaning: 'Upper bound of a write.' }),
  REDIS_MAX_RETRIES: setting({
    kind: integer(0, 100),
    default: '3',
    meaning: 'Further attempts at one command of a cluster, within its deadline.',
  }),
  REDIS_RETRY_DELAY: setting({
    kind: duration('ms', { zero: true }),
    default: '500',
    meaning: 'First pause before connecting again, doubled up to 2 s.',
  }),
  REDIS_KEY_PREFIX: setting({
    kind: text('a prefix without spaces, braces or wildcards', /^[^\s{}*?[\]\\]{1,64}$/),
    default: 'tmdb:',
    meaning: 'Begins every key, so that installations can share one Redis.',
  }),
  REDIS_FALLBACK_NODES: optional({
    kind: hostPorts(6379),
    whenUnset: 'none',
    meaning: 'Used while the main Redis is away: one address is a standalone, several are a cluster’s seeds.',
  }),
  USE_DISK_CACHE_FALLBACK: setting({
    kind: boolean,
    default: 'true',
    meaning: 'Uses the disk store while every Redis is away.',
  }),
  BUS_REDIS_URL: optional({
    kind: redisUrl,
    whenUnset: 'derived: the Redis of L2, if there is one',
    secret: 'login',
    meaning: 'Redis that carries purges between nodes, when it is not that of L2.',
  }),
};
