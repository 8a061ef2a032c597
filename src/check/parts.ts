import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import { Asker } from './ask.js';
import { diskPart } from './disk.js';
import { ok, type Part } from './finding.js';
import { originParts } from './origin.js';
import { peerParts } from './peers.js';
import { portsPart } from './ports.js';
import { proxyKeysPart } from './proxy-keys.js';

/** What is to be tried of a configuration, in the order in which it is told. */
export interface Checks {
  readonly parts: readonly Part[];
  readonly close: () => Promise<void>;
}

/** Opens nothing but what a part opens when it is looked at. */
export function checksOf(config: Config, clock: Clock): Checks {
  const asker = new Asker(config.upstream, clock);
  return {
    parts: [
      diskPart(config),
      portsPart(config),
      ...originParts(config, asker, clock),
      redisPart(config, clock),
      ...peerParts(config, clock),
      proxyKeysPart(config, clock),
      publicUrlPart(config),
    ],
    close: () => asker.close(),
  };
}

/** The client is loaded only where Redis is configured, as by `serve`. */
function redisPart({ redis }: Config, clock: Clock): Part {
  return {
    name: 'redis',
    look: async () => {
      if (redis.l2 === undefined && redis.bus === undefined && redis.fallback === undefined)
        return [ok('redis', 'not configured: L2 is the disk store')];
      const { deployments, redisFindings } = await import('./redis.js');
      return (await Promise.all(deployments(redis).map((each) => redisFindings(each, redis, clock)))).flat();
    },
  };
}

/** Its form was checked with the configuration; who answers there is outside of this machine's sight. */
function publicUrlPart({ server, upstream }: Config): Part {
  const { publicUrl } = server;
  const found =
    publicUrl === undefined
      ? 'PUBLIC_URL is unset: addresses in /3/configuration stay TMDB’s unless a trusted proxy names another host'
      : upstream.type === 'tmdb'
        ? `clients are told to fetch images from ${publicUrl}/t/p/`
        : `${publicUrl} (not asked)`;
  return { name: 'public url', look: async () => [ok('public url', found)] };
}
