import type { Cover } from './cache/coverage.js';
import type { Engine } from './cache/engine.js';
import type { PurgeRule } from './cache/purge-table.js';
import { answered, type Member } from './cluster/member.js';
import type { NodeExtras } from './cluster/node-management.js';
import { type FeedParts, openFeed } from './compose-feed.js';
import type { Tenants } from './compose-tenants.js';
import { openWarm } from './compose-warm-jobs.js';
import type { Keyring } from './keyring/keyring.js';
import type { JobSources } from './observe/metrics.js';
import type { Grant, GrantAsk, KeySet } from './tenants/tenant.js';
import type { HotKey } from './warm/job.js';

export interface JobParts extends FeedParts {
  readonly engine: Engine;
  readonly keyring: Keyring;
  /** Undefined: clients need no key. */
  readonly tenants: Tenants | undefined;
}

/** What a worker is told before it answers anyone. */
export interface Joining {
  readonly rules: readonly PurgeRule[];
  readonly cover: Cover | undefined;
  /** Undefined: clients need no key. */
  readonly keys: KeySet | undefined;
}

/** What a core does of its own accord: follows the change feed, warms up, counts for tenants. */
export interface Jobs {
  readonly sources: JobSources;
  readonly extras: NodeExtras;
  readonly joining: () => Joining;
  readonly grant: (ask: GrantAsk) => Grant | Promise<Grant>;
  /** A process has begun to answer clients. */
  readonly answers: (member: Member) => void;
  /** Processes that answer clients are about to end. Never rejects. */
  readonly closing: () => Promise<void>;
  /** Once purges are known. */
  start(): void;
  close(): Promise<void>;
}

export function openJobs(parts: JobParts): Jobs {
  const { tenants, keyring, table, disk, bus, members } = parts;
  const feed = openFeed(parts);
  const warm = openWarm(parts);
  tenants?.join({ durable: disk.durable('tenants'), bus, members });
  const following = () => feed?.status();
  return {
    sources: {
      feed: following,
      warm: () => warm.figures(),
      tenants: () => tenants?.figures(),
      credentials: () => keyring.figures(),
    },
    extras: {
      warm: warm.command,
      warmStatus: warm.status,
      tenants: async () => (await tenants?.rows()) ?? [],
      feed: following,
      credentials: () => keyring.status(),
      hot: async (most) => ({
        hits: await warm.hottest(most),
        misses: summed(await answered(members().map((member) => member.misses(most))), most),
      }),
    },
    joining: () => ({ rules: table.rules(), cover: feed?.cover(), keys: tenants?.keys() }),
    grant: (ask) => tenants?.grant(ask) ?? { given: ask.want, forMs: 0 },
    answers: (member) => warm.answers(member),
    closing: async () => {
      await Promise.all([warm.closing(), tenants?.closing()]);
    },
    start: () => {
      feed?.start();
      warm.start();
    },
    close: async () => {
      await Promise.all([feed?.close(), warm.close(), tenants?.close()]);
    },
  };
}

/** What several processes have counted, the most first. */
function summed(counted: readonly (readonly HotKey[])[], most: number): HotKey[] {
  const sums = new Map<string, number>();
  for (const { key, hits } of counted.flat()) sums.set(key, (sums.get(key) ?? 0) + hits);
  const sorted = [...sums].sort(([, a], [, b]) => b - a).slice(0, most);
  return sorted.map(([key, hits]) => ({ key, hits }));
}
