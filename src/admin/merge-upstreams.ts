import type { BreakerState, ServerHealth, UpstreamStatus } from '../origin/status.js';

const WORST_HEALTH: readonly ServerHealth[] = ['unknown', 'healthy', 'degraded', 'down'];
const WORST_BREAKER: readonly BreakerState[] = ['closed', 'half_open', 'open'];

/**
 * One row per server out of what several processes say of it, in the order of the first mention. What happened adds up,
 * so do shares of a budget; of states the worst is told. Percentiles cannot be merged: they are weighted by requests.
 */
export function mergeUpstreams(parts: readonly UpstreamStatus[]): UpstreamStatus[] {
  const servers = new Map<string, UpstreamStatus>();
  for (const part of parts) {
    const id = `${part.upstream} ${part.url}`;
    const known = servers.get(id);
    servers.set(id, known === undefined ? part : join(known, part));
  }
  return [...servers.values()];
}

function join(a: UpstreamStatus, b: UpstreamStatus): UpstreamStatus {
  const later = (b.last_error_at ?? '') > (a.last_error_at ?? '') ? b : a;
  return {
    ...a,
    status: worst(WORST_HEALTH, a.status, b.status),
    requests: a.requests + b.requests,
    successes: a.successes + b.successes,
    errors: a.errors + b.errors,
    p50_ms: weighted(a.p50_ms, a.requests, b.p50_ms, b.requests),
    p95_ms: weighted(a.p95_ms, a.requests, b.p95_ms, b.requests),
    in_flight: a.in_flight + b.in_flight,
    max_connections: a.max_connections + b.max_connections,
    queued: a.queued + b.queued,
    last_error: later.last_error,
    last_error_at: later.last_error_at,
    breaker: worst(WORST_BREAKER, a.breaker, b.breaker),
    failover: {
      rank: a.failover.rank,
      preferred: a.failover.preferred || b.failover.preferred,
      consecutive_failures: Math.max(a.failover.consecutive_failures, b.failover.consecutive_failures),
    },
    rate_limited_until: maxOf(a.rate_limited_until, b.rate_limited_until),
    budget: {
      tokens: add(a.budget.tokens, b.budget.tokens),
      rate: add(a.budget.rate, b.budget.rate),
      burst: add(a.budget.burst, b.budget.burst),
      queued: {
        user: a.budget.queued.user + b.budget.queued.user,
        refresh: a.budget.queued.refresh + b.budget.queued.refresh,
        background: a.budget.queued.background + b.budget.queued.background,
      },
    },
  };
}

function worst<T>(order: readonly T[], a: T, b: T): T {
  return order.indexOf(a) >= order.indexOf(b) ? a : b;
}

function weighted(a: number | null, countA: number, b: number | null, countB: number): number | null {
  if (a === null || b === null) return a ?? b;
  const count = countA + countB;
  return count === 0 ? a : Math.round(((a * countA + b * countB) / count) * 1000) / 1000;
}

/** Null means no limit, and no limit plus a limit is none. */
function add(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}

/** ISO 8601 times in UTC sort as text. */
function maxOf(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return a > b ? a : b;
}
