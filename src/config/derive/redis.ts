import { type RedisUrl, showHostPort, showRedisUrl } from '../addresses.js';
import type { BusKind, L2Kind, RedisConfig, RedisTarget } from '../config.js';
import type { Mistakes } from '../config-error.js';
import type { Values } from '../settings/index.js';
import type { DerivedValues } from './derived.js';
import { deriveRedisRoles } from './redis-roles.js';

export interface RedisResult {
  readonly redis: RedisConfig;
  readonly l2: L2Kind;
  readonly bus: BusKind;
}

export function deriveRedis(
  values: Values,
  isGiven: (name: 'USE_REDIS') => boolean,
  derived: DerivedValues,
  mistakes: Mistakes,
): RedisResult {
  const l2 = l2Target(values, mistakes);
  const bus = busTarget(values, l2 === undefined);
  const roles = deriveRedisRoles({ useRedis: values.USE_REDIS, l2, bus });
  if (roles.refusal !== undefined) {
    mistakes.addBetween(
      [
        'USE_REDIS',
        'REDIS_CLUSTER_NODES',
        'REDIS_URL',
        'REDIS_SENTINELS',
        'REDIS_SENTINEL_NAME',
        'BUS_REDIS_URL',
      ],
      roles.refusal,
    );
  }
  if (roles.l2Reason !== undefined) {
    if (values.USE_REDIS === undefined || !isGiven('USE_REDIS')) {
      derived.set('USE_REDIS', { value: roles.l2 === 'redis', reason: roles.l2Reason });
    }
    if (l2 === undefined && values.BUS_REDIS_URL !== undefined) {
      derived.set('REDIS_URL', { value: showRedisUrl(values.BUS_REDIS_URL), reason: roles.l2Reason });
    }
  }
  if (roles.busReason !== undefined) {
    const value = roles.busTarget === undefined ? null : describeTarget(roles.busTarget);
    derived.set('BUS_REDIS_URL', { value, reason: roles.busReason });
  }
  return {
    l2: roles.l2,
    bus: roles.bus,
    redis: {
      l2: roles.l2Target,
      bus: roles.busTarget,
      fallback: fallbackTarget(values),
      diskFallback: values.USE_DISK_CACHE_FALLBACK,
      poolSize: values.REDIS_POOL_SIZE,
      minIdleConns: values.REDIS_MIN_IDLE_CONNS,
      connectTimeoutMs: values.REDIS_CONNECT_TIMEOUT,
      readTimeoutMs: values.REDIS_READ_TIMEOUT,
      writeTimeoutMs: values.REDIS_WRITE_TIMEOUT,
      maxRetries: values.REDIS_MAX_RETRIES,
      retryDelayMs: values.REDIS_RETRY_DELAY,
      keyPrefix: values.REDIS_KEY_PREFIX,
    },
  };
}

const ADDRESSES = ['REDIS_CLUSTER_NODES', 'REDIS_URL', 'REDIS_SENTINELS'] as const;

function l2Target(values: Values, mistakes: Mistakes): { target: RedisTarget; variable: string } | undefined {
  const [variable, ...others] = ADDRESSES.filter((name) => values[name] !== undefined);
  if (variable === undefined) return undefined;
  if (others.length > 0) {
    mistakes.addBetween(
      [variable, ...others],
      `and ${others.join(', ')} name different deployments; set one of them`,
    );
  }
  const { REDIS_CLUSTER_NODES: seeds, REDIS_URL: url, REDIS_SENTINELS: sentinels } = values;
  if (seeds !== undefined) {
    if (values.REDIS_DB !== 0) {
      mistakes.addBetween(
        ['REDIS_DB', 'REDIS_CLUSTER_NODES'],
        'a Redis Cluster has only database 0; leave it unset',
      );
    }
    return { variable, target: { ...login(values), mode: 'cluster', nodes: seeds, db: 0 } };
  }
  if (url !== undefined) return { variable, target: fromUrl(url, values) };
  if (sentinels === undefined) return undefined;
  const sentinelName = values.REDIS_SENTINEL_NAME;
  if (sentinelName === undefined) {
    mistakes.addBetween(
      ['REDIS_SENTINEL_NAME', 'REDIS_SENTINELS'],
      'is needed with REDIS_SENTINELS; write the name of the master group, often mymaster',
    );
  }
  return { variable, target: { ...login(values), mode: 'sentinel', nodes: sentinels, sentinelName } };
}

/**
 * The login of REDIS_* is for L2's Redis. It goes to the bus' Redis only when the two are one: a password must not be
 * shown to a server it was not meant for.
 */
function busTarget(values: Values, sharesLogin: boolean): RedisTarget | undefined {
  const url = values.BUS_REDIS_URL;
  if (url === undefined) return undefined;
  return fromUrl(url, sharesLogin ? values : undefined);
}

function fallbackTarget(values: Values): RedisTarget | undefined {
  const nodes = values.REDIS_FALLBACK_NODES;
  if (nodes === undefined) return undefined;
  // CONTRACT, Settled details: "one address is a standalone, several are a cluster's seeds".
  const standalone = nodes.length === 1;
  return {
    ...login(values),
    mode: standalone ? 'standalone' : 'cluster',
    nodes,
    db: standalone ? values.REDIS_DB : 0,
  };
}

function login(values: Values): Omit<RedisTarget, 'mode' | 'nodes'> {
  return {
    sentinelName: undefined,
    username: values.REDIS_USERNAME,
    password: values.REDIS_PASSWORD,
    db: values.REDIS_DB,
    tls: values.REDIS_TLS,
  };
}

/** A URL with any part of a login brings its own: a user of one and a password of another would be neither. */
function fromUrl(url: RedisUrl, values: Values | undefined): RedisTarget {
  const ownLogin = url.username !== undefined || url.password !== undefined;
  return {
    mode: 'standalone',
    nodes: [{ host: url.host, port: url.port }],
    sentinelName: undefined,
    username: ownLogin ? url.username : values?.REDIS_USERNAME,
    password: ownLogin ? url.password : values?.REDIS_PASSWORD,
    db: url.db ?? values?.REDIS_DB ?? 0,
    tls: url.tls || values?.REDIS_TLS === true,
  };
}

/** For people; no login. */
function describeTarget(target: RedisTarget): string {
  const nodes = target.nodes.map(showHostPort).join(',');
  return target.mode === 'sentinel'
    ? `sentinel ${target.sentinelName ?? ''} ${nodes}`
    : `${target.mode} ${nodes}`;
}
