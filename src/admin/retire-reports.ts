import type { Served } from '../cache/outcome.js';
import { mergeHistograms } from '../observe/metrics-histogram.js';
import { type RequestCount, type RequestSnapshot, SERVED } from '../observe/metrics-requests.js';
import type { TierStats } from '../tiers/tier.js';
import { addTierStats, type WorkerReport } from './report.js';

/** What remains of processes that are gone: what they have counted, and nothing of what they held. At least one. */
export function retireReports(gone: readonly WorkerReport[]): WorkerReport {
  const l2 = gone.map((report) => report.l2).filter((stats) => stats !== undefined);
  return {
    retired: true,
    requests: addRequests(gone.map(({ requests }) => requests)),
    l1: emptied(addTierStats(gone.map((report) => report.l1))),
    l2: l2.length === 0 ? undefined : emptied(addTierStats(l2)),
    upstreams: [],
    eventLoopP99Ms: 0,
  };
}

function emptied(stats: TierStats): TierStats {
  return { ...stats, entries: 0, bytes: 0, maxBytes: 0 };
}

function addRequests(parts: readonly RequestSnapshot[]): RequestSnapshot {
  const counts = new Map<string, RequestCount>();
  for (const row of parts.flatMap((part) => part.counts)) {
    const id = [row.route, row.result, row.served, row.class, row.status].join(' ');
    counts.set(id, { ...row, count: row.count + (counts.get(id)?.count ?? 0) });
  }
  const perServed = <T>(of: (served: Served) => T) =>
    Object.fromEntries(SERVED.map((served) => [served, of(served)])) as Record<Served, T>;
  const sum = (pick: (part: RequestSnapshot) => number) =>
    parts.reduce((total, part) => total + pick(part), 0);
  return {
    counts: [...counts.values()],
    latency: perServed((served) => mergeHistograms(parts.map(({ latency }) => latency[served]))),
    bytes: perServed((served) => sum(({ bytes }) => bytes[served])),
    noStore: addUp(parts.map(({ noStore }) => noStore)),
    stale: addUp(parts.map(({ stale }) => stale)),
    collapsed: sum(({ collapsed }) => collapsed),
    decoded: sum(({ decoded }) => decoded),
  };
}

function addUp<K extends string>(parts: readonly Readonly<Partial<Record<K, number>>>[]) {
  const total: Partial<Record<K, number>> = {};
  for (const part of parts)
    for (const name of Object.keys(part) as K[]) total[name] = (total[name] ?? 0) + (part[name] ?? 0);
  return total;
}
