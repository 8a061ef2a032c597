import type { WarmCommand, WarmJobRow } from './admin/answers/warm.js';
import type { Engine } from './cache/engine.js';
import type { Lookup } from './cache/lookup.js';
import type { PurgeTable } from './cache/purge-table.js';
import type { SitePolicy } from './cache/site.js';
import type { Member, MemberExtras } from './cluster/member.js';
import type { Config } from './config/config.js';
import { ProxyError } from './errors.js';
import type { Logger } from './observe/log.js';
import type { WarmFigures } from './observe/metrics-warm.js';

/** What warm-up puts into a process that answers clients. */
export interface WarmSide {
  /** A request was answered from a tier. Called for every hit. */
  saw(key: string | undefined): void;
  readonly extras: Pick<MemberExtras, 'hot' | 'preload'>;
}

export interface WarmSideParts {
  readonly config: Config;
  readonly site: SitePolicy;
  readonly lookup: Lookup;
}

/** Undefined: nobody wants to know what is hot. */
export function warmSide(_parts: WarmSideParts): WarmSide | undefined {
  return undefined;
}

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
  /** Goes on with jobs that an earlier run has left. */
  start(): void;
  /** A process has begun to answer clients. */
  answers(member: Member): void;
  /** Members are about to end. Never rejects. */
  closing(): Promise<void>;
  close(): Promise<void>;
}

export function openWarm(_parts: WarmParts): Warm {
  return {
    command: async () => {
      throw new ProxyError('conflict', 'this version does not warm up yet');
    },
    status: async () => [],
    figures: () => ({ jobs: {}, targets: {}, left: 0 }),
    start: () => {},
    answers: () => {},
    closing: async () => {},
    close: async () => {},
  };
}
