import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { wrkVersion } from '../load/wrk.mjs';
import { pinning } from './processes.mjs';

/** What a reader must know of the machine before the numbers. */
export function machine() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    kernel: `${type()} ${release()}`,
    node: process.versions.node,
    pinning,
    wrk: wrkVersion() ?? 'not installed',
    /** Of the last minute, before the run: others were at work where it is not near 0. */
    loadAtStart: Number(loadavg()[0].toFixed(2)),
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
  };
}

function commit() {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}
