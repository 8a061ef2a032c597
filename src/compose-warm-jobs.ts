import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { WarmJobRow } from './admin/answers/warm.js';
import type { Engine } from './cache/engine.js';
import type { PurgeTable } from './cache/purge-table.js';
import type { SitePolicy } from './cache/site.js';
import { systemClock } from './clock.js';
import { answered, type Member } from './cluster/member.js';
import { countsHits } from './compose-warm.js';
import type { Config } from './config/config.js';
import { within } from './deadline.js';
import { ProxyError } from './errors.js';
import type { Logger } from './observe/log.js';
import type { WarmFigures } from './observe/metrics-warm.js';
import { proxyFor } from './origin/proxy.js';
import type { WarmCommand } from './warm/command.js';
import { downloadedTargets } from './warm/export-download.js';
import { HotList } from './warm/hot-list.js';
import type { HotKey } from './warm/job.js';
import { JobStore } from './warm/job-store.js';
import { type WarmEvent, WarmJobs } from './warm/jobs.js';
import { Warmer } from './warm/warmer.js';

export interface WarmParts {
  readonly config: Config;
  readonly log: Logger;
  readonly site: SitePolicy;
  readonly engine: Engine;
  readonly table: PurgeTable;
  readonly members: () => readonly Member[];
}

/** Warm-up jobs of one node, and what a start brings into memory. */
export interface Warm {
  readonly command: (command: WarmCommand) => Promise<WarmJobRow>;
  readonly status: (id?: string) => Promise<WarmJobRow[]>;
  readonly figures: () => WarmFigures;
  /** What is asked for most, before the last restart too; null: nobody counts. */
  readonly hottest: (most: number) => Promise<readonly HotKey[] | null>;
  /** Goes on with jobs that an earlier run has left. */
  start(): void;
  /** A process has begun to answer clients. */
  answers(member: Member): void;
  /** Members are about to end. Never rejects. */
  closing(): Promise<void>;
  close(): Promise<void>;
}

/** Between two savings of the hottest keys, ms: a node that is killed forgets no more. */
const SAVE_HOT_MS = 600_000;
/** Draining waits so long for what is to be written down, ms. */
const CLOSING_MS = 1500;
/** Keys of one question to a member, which has a minute for it. */
const PRELOAD_PART = 500;

const clock = systemClock;

/** The warm-up of one node: its jobs, and the keys that are asked for most. */
export function openWarm(parts: WarmParts): Warm {
  const { config, log, members } = parts;
  const { topKeys } = config.warm;
  const hot = new HotList({
    path: join(directoryOf(config), 'hot.json'),
    clock,
    most: topKeys,
    counted: (most) => answered(members().map((member) => member.hot(most))),
  });
  const counting = countsHits(config);
  const hottest = async (most: number) => (counting ? hot.top(most) : null);
  const jobs = jobsOf(parts, hottest);
  const saveHot = () => hot.save().catch((err) => log.warn({ err }, 'the hottest keys are not saved'));
  let loaded: Promise<void> = Promise.resolve();
  let cancelTimer = () => {};
  const saveLater = () => {
    cancelTimer = clock.after(SAVE_HOT_MS, () => void saveHot().then(saveLater));
  };
  let closed: Promise<unknown> | undefined;
  const close = () => {
    cancelTimer();
    closed ??= Promise.all([jobs.close(), counting ? loaded.then(saveHot) : undefined]);
    return closed;
  };
  return {
    command: (command) => jobs.command(command),
    status: (id) => jobs.status(id),
    figures: () => jobs.figures(),
    hottest,
    start: () => {
      void jobs.start();
      if (!counting) return;
      loaded = hot.load();
      saveLater();
    },
    answers: (member) => {
      if (counting) void loaded.then(() => bringHot(hot, member, topKeys, log));
    },
    closing: async () => {
      await within(clock, CLOSING_MS, close(), () => {});
    },
    close: async () => {
      await close();
    },
  };
}

/** @param hottest the keys asked for most, so many of them; null: nobody counts */
function jobsOf(
  { config, log, site, engine: { lookup, filler }, table, members }: WarmParts,
  hottest: (most: number) => Promise<readonly HotKey[] | null>,
): WarmJobs {
  const replaced = (key: string) => {
    for (const member of members()) member.recheck(key);
  };
  const get = exportGetter(config);
  return new WarmJobs({
    store: new JobStore(directoryOf(config)),
    site,
    warmer: new Warmer({ site, lookup, filler, purges: table, clock, replaced }),
    clock,
    newId: () => randomBytes(4).toString('hex'),
    obstacle: obstacleOf(config),
    exported: (choice, signal) => {
      const onBadLines = (count: number) => log.warn({ count }, 'warm-up: lines of the export are damaged');
      return downloadedTargets({ get, now: clock.now, onBadLines }, choice, signal);
    },
    hottest: async (most) => {
      const counted = await hottest(most);
      if (counted === null) throw new ProxyError('conflict', 'WARM_TOP_KEYS=0: nobody counts what is hot');
      return counted.map(({ key }) => key);
    },
    onEvent: (event) => logEvent(log, event),
  });
}

function directoryOf({ cache }: Config): string {
  return join(cache.dir, 'warm');
}

function obstacleOf({ cache }: Config): string | undefined {
  if (!cache.enabled) return 'CACHE_ENABLED=false: nothing is stored';
  return cache.offline ? 'OFFLINE=true: the origin is not asked' : undefined;
}

/** From L2 into the memory of one process, the hottest first. Never rejects. */
async function bringHot(hot: HotList, member: Member, most: number, log: Logger): Promise<void> {
  try {
    const keys = (await hot.top(most)).map(({ key }) => key);
    let found = 0;
    for (let i = 0; i < keys.length; i += PRELOAD_PART) {
      found += await member.preload(keys.slice(i, i + PRELOAD_PART));
    }
    if (keys.length > 0)
      log.info({ member: member.id, keys: keys.length, found }, 'hottest keys are in memory');
  } catch (err) {
    log.warn({ member: member.id, err }, 'the hottest keys are not all in memory');
  }
}

/** GET from the one host that exports are fetched from (I/O is loaded when a job first needs it). */
function exportGetter({ warm, upstream }: Config) {
  const proxy = proxyFor(new URL(warm.exportUrl), { https: upstream.httpsProxy });
  return async (path: string, signal: AbortSignal) => {
    const { openExport } = await import('./warm/export-client.js');
    return openExport(warm.exportUrl + path, { proxy, signal });
  };
}

function logEvent(log: Logger, event: WarmEvent): void {
  if (event.type === 'job') {
    const { id, source, status, done, total, errors, last_error } = event.job;
    log.info({ job: id, source, status, done, total, errors, last_error }, 'warm-up');
  } else if (event.type === 'damaged') {
    log.warn({ file: event.name }, 'warm-up: a job could not be read and is removed');
  } else {
    log.warn({ err: event.error }, 'warm-up: the jobs of an earlier run can not be read');
  }
}
