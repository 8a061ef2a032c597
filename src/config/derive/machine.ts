import { randomBytes } from 'node:crypto';
import { availableParallelism, hostname, totalmem } from 'node:os';
import type { Values } from '../settings/index.js';
import type { DerivedValues } from './derived.js';

/** What is derived from the machine; given by tests, measured otherwise. */
export interface Machine {
  readonly cores: number;
  /** Memory this process may use: the container's limit, else the machine's. */
  readonly memoryBytes: number;
  readonly hostname: string;
  /** Tells two starts on one host apart. */
  readonly randomId: string;
}

/** What this process may use, as its container or the machine bounds it. */
export function thisMachine(): Machine {
  const total = totalmem();
  // 0, or an absurdly large number, where no limit is set.
  const constrained = process.constrainedMemory();
  return {
    cores: availableParallelism(),
    memoryBytes: constrained > 0 && constrained < total ? constrained : total,
    hostname: hostname(),
    randomId: randomBytes(4).toString('hex'),
  };
}

export function deriveWorkers(values: Values, machine: Machine, derived: DerivedValues): number {
  if (values.WORKERS !== undefined) return values.WORKERS;
  derived.set('WORKERS', { value: machine.cores, reason: 'one per available core' });
  return machine.cores;
}

export function deriveServerId(values: Values, machine: Machine, derived: DerivedValues): string {
  if (values.SERVER_ID !== undefined) return values.SERVER_ID;
  const host = machine.hostname.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 80);
  const id = `tmdb-cache-proxy-${host}-${machine.randomId}`;
  derived.set('SERVER_ID', {
    value: id,
    reason: 'program, host name, and a number that is new with each start',
  });
  return id;
}

const USUAL_MEMORY_CACHE = 256 * 1024 ** 2;
const SHARE_OF_MEMORY = 4;

/** Enough for all that is hot of TMDB's JSON, and never so much that a small container is killed. */
export function deriveMemoryCache(values: Values, machine: Machine, derived: DerivedValues): number {
  if (values.MEMORY_CACHE_BYTES !== undefined) return values.MEMORY_CACHE_BYTES;
  const share = Math.floor(machine.memoryBytes / SHARE_OF_MEMORY);
  const value = Math.min(USUAL_MEMORY_CACHE, share);
  const reason =
    value === share
      ? `a quarter of the ${Math.round(machine.memoryBytes / 1024 ** 2)} MiB this process may use`
      : '256 MiB, less than a quarter of the memory this process may use';
  derived.set('MEMORY_CACHE_BYTES', { value, reason });
  return value;
}
