import type { Clock } from '../clock.js';
import type { RedisConfig, RedisTarget } from '../config/config.js';
import { RedisKeys } from '../redis/keys.js';
import { RedisLink } from '../redis/link.js';
import type { RedisSettings } from '../redis/options.js';
import { redisState } from '../redis/state.js';
import { redisNodes } from '../redis/topology.js';
import { RedisTrouble } from '../redis/trouble.js';
import { type Finding, fail, ok, warn } from './finding.js';

/** Of one command, ms. */
const COMMAND_MS = 2000;
/** What was written leaves by itself if it is not taken back, ms. */
const PROBE_PX = 10_000;

/** What is tried of one deployment; `role`: what it is for. */
export interface RedisProbed {
  readonly role: string;
  readonly target: RedisTarget;
}

/** Every deployment of the configuration once, however many roles it has. */
export function deployments({ l2, bus, fallback }: RedisConfig): RedisProbed[] {
  const roles: [string, RedisTarget | undefined][] = [
    ['L2', l2],
    ['bus', bus],
    ['fallback', fallback],
  ];
  const found: { role: string; target: RedisTarget }[] = [];
  for (const [role, target] of roles) {
    if (target === undefined) continue;
    const same = found.find((each) => JSON.stringify(each.target) === JSON.stringify(target));
    if (same === undefined) found.push({ role, target });
    else same.role = `${same.role} and ${role}`;
  }
  return found;
}

/** Connects, asks every server who it is, looks at the eviction policy, writes and reads. Leaves nothing behind. */
export async function redisFindings(
  { role, target }: RedisProbed,
  config: RedisConfig,
  clock: Clock,
): Promise<Finding[]> {
  const settings = settingsOf(config);
  let trouble: RedisTrouble | undefined;
  let giveUp = () => {};
  // A single server that refuses a connection refuses the next one; of several, others may answer.
  const refused = new Promise<false>((resolve) => {
    giveUp = () => target.mode === 'standalone' && resolve(false);
  });
  const onError = (error: RedisTrouble) => {
    trouble = error;
    giveUp();
  };
  const link = new RedisLink({ address: target, settings, clock, events: { onError } });
  const name = `${role} at ${target.nodes.map(({ host, port }) => `${host}:${port}`).join(', ')}`;
  try {
    link.open();
    if (!(await Promise.race([link.ready(COMMAND_MS + 1000), refused]))) {
      const why = trouble?.message ?? 'no answer in time';
      return [fail('redis', `${name}: ${why}`, adviceFor(trouble))];
    }
    await writesAndReads(link, new RedisKeys(config.keyPrefix));
    const nodes = await redisNodes({ address: target, settings, clock, link });
    const { status, detail } = redisState(nodes);
    const roles = `${target.mode}, ${detail}, takes values and gives them back`;
    const state =
      status === 'healthy'
        ? ok('redis', `${name}: ${roles}`)
        : status === 'degraded'
          ? warn('redis', `${name}: ${roles}`, 'bring the servers back that do not answer')
          : fail('redis', `${name}: ${roles}`, adviceFor(undefined));
    return [state, ...(await memoryFindings(link, name))];
  } catch (thrown) {
    const known = thrown instanceof RedisTrouble ? thrown : undefined;
    return [fail('redis', `${name}: ${known?.message ?? 'failed'}`, adviceFor(known))];
  } finally {
    await link.close();
  }
}

/** As `compose-redis` has them, but patient: this is no client's request. */
function settingsOf({ connectTimeoutMs, retryDelayMs, maxRetries }: RedisConfig): RedisSettings {
  return {
    connectTimeoutMs: Math.min(connectTimeoutMs, COMMAND_MS),
    retryDelayMs,
    maxRetries,
    deadlines: { read: COMMAND_MS, bulk: COMMAND_MS, write: COMMAND_MS, control: COMMAND_MS },
  };
}

function adviceFor(trouble: RedisTrouble | undefined): string {
  switch (trouble?.reason) {
    case 'refused-login':
      return 'correct REDIS_USERNAME and REDIS_PASSWORD, or the rights of that user (docs/redis.md, Rights)';
    case 'wrong-topology':
      return 'set REDIS_CLUSTER_NODES for a cluster, REDIS_URL for a single server';
    case 'out-of-memory':
      return 'set maxmemory-policy volatile-lru, or give it more memory (docs/redis.md, Memory)';
    case 'read-only':
      return 'name the master, or use REDIS_SENTINELS to have it found';
    default:
      return 'check the address, REDIS_TLS, and that Redis runs';
  }
}

/** Under a name like a lease's: nothing that anyone looks for. */
async function writesAndReads(link: RedisLink, keys: RedisKeys): Promise<void> {
  const name = keys.lease(`check ${process.pid}`);
  await link.call('write', COMMAND_MS, (redis) => redis.set(name, '1', 'PX', PROBE_PX));
  const value = await link.call('read', COMMAND_MS, (redis) => redis.get(name));
  if (value !== '1') throw new RedisTrouble('error', 'redis read: a value was not given back');
  await link.call('delete', COMMAND_MS, (redis) => redis.unlink(name));
}

/** One line for all masters: they are set up alike, and where they are not the worst counts. */
async function memoryFindings(link: RedisLink, name: string): Promise<Finding[]> {
  const part = 'redis';
  let infos: string[];
  try {
    infos = await Promise.all(
      link.masters().map((master) => link.call('info', COMMAND_MS, () => master.info('memory'))),
    );
  } catch (thrown) {
    const refused = thrown instanceof RedisTrouble && thrown.reason === 'refused-login';
    const found = refused ? 'this user may not ask INFO, so sizes are not known' : 'INFO gave no answer';
    return [warn(part, `${name}: ${found}`, 'give the user the rights in docs/redis.md, Rights')];
  }
  const field = (info: string, wanted: string) => new RegExp(`^${wanted}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const policies = new Set(infos.map((info) => field(info, 'maxmemory_policy') ?? 'unknown'));
  const unsuitable = [...policies].find((policy) => !policy.startsWith('volatile-'));
  if (infos.some((info) => field(info, 'maxmemory') === '0'))
    return [
      warn(
        part,
        `${name}: maxmemory is not set`,
        'set maxmemory and maxmemory-policy volatile-lru (docs/redis.md, Memory)',
      ),
    ];
  if (unsuitable !== undefined)
    return [
      warn(
        part,
        `${name}: maxmemory-policy is ${unsuitable}`,
        'set maxmemory-policy volatile-lru (docs/redis.md, Memory)',
      ),
    ];
  return [ok(part, `${name}: maxmemory-policy is ${[...policies].join(', ')}`)];
}
