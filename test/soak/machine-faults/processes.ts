import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Pids of a process' children (Linux). */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

/** `ulimit -n` of a process that runs; the hard limit stays, so that it can be raised again. */
export function limitDescriptors(pid: number, most: number): void {
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${most}:`]);
}
