// CPU time of a process and everything below it, from /proc. The kernel counts in ticks of 10 ms: measure for seconds.
import { readdirSync, readFileSync } from 'node:fs';

/** Linux gives USER_HZ = 100 to programs, whatever it ticks at itself. */
const TICK_MICROS = 10_000;

/** @typedef {{ ppid: number, ticks: number }} Stat */

/** @param {string} text the content of /proc/<pid>/stat @returns {Stat} */
export function parseStat(text) {
  // The name is in brackets and may hold spaces and brackets itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // From state (field 3) on: ppid is 4, utime to cstime are 14 to 17. Children that ended count for their parent.
  const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
  return { ppid: Number(fields[1]), ticks };
}

/** @param {number} root @param {ReadonlyMap<number, Stat>} stats @returns {number} ticks of the tree */
export function ticksOfTree(root, stats) {
  const children = new Map();
  for (const [pid, { ppid }] of stats) children.set(ppid, [...(children.get(ppid) ?? []), pid]);
  let ticks = 0;
  const open = [root];
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    ticks += stats.get(pid)?.ticks ?? 0;
    open.push(...(children.get(pid) ?? []));
  }
  return ticks;
}

/** @param {number} pid @returns {number} CPU µs used so far by the process and all below it */
export function cpuMicrosOfTree(pid) {
  return ticksOfTree(pid, allStats()) * TICK_MICROS;
}

/** @param {number} pid @returns {number} resident bytes of the process alone */
export function residentBytes(pid) {
  const kB = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kB) * 1024;
}

function allStats() {
  const stats = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      stats.set(Number(name), parseStat(readFileSync(`/proc/${name}/stat`, 'utf8')));
    } catch {
      // Ended between the listing and the reading: its parent has its ticks.
    }
  }
  return stats;
}
