import type { SharedBudgetStatus } from './shared-budget.js';

export type ServerHealth = 'healthy' | 'degraded' | 'down' | 'unknown';
export type BreakerState = 'closed' | 'open' | 'half_open';

/** One server as `/stats`, `/health` and `/upstream` show it. Times in ms unless said otherwise; no secret anywhere. */
export interface UpstreamStatus {
  /** Group: `api`, `image`, `custom`. */
  upstream: string;
  /** Base URL without userinfo. */
  url: string;
  status: ServerHealth;
  /** Attempts, retries included. successes + errors + those in flight or given up by the asker. */
  requests: number;
  /** Heads below 500 other than 429. */
  successes: number;
  /** Network errors, timeouts, 5xx and 429. */
  errors: number;
  /** Time to the head over the last few hundred attempts; null before the first. */
  p50_ms: number | null;
  p95_ms: number | null;
  /** Requests in flight, bodies included: the connections in use. */
  in_flight: number;
  max_connections: number;
  /** Waiting in the group's queue for this server. */
  queued: number;
  last_error: string | null;
  /** Wall clock, ISO 8601. */
  last_error_at: string | null;
  breaker: BreakerState;
  failover: FailoverStatus;
  /** Wall clock, ISO 8601, until which the group is held back by a 429; null when it is not. */
  rate_limited_until: string | null;
  budget: BudgetStatus;
  /** The budget of all nodes together; absent when this node is alone. */
  shared_budget?: SharedBudgetStatus;
}

export interface FailoverStatus {
  /** Position in the configuration, 0 first. */
  rank: number;
  /** Whether requests go here first at present. */
  preferred: boolean;
  consecutive_failures: number;
}

/** The budget of the whole group; the same on each of its servers. */
export interface BudgetStatus {
  /** Tokens at hand; null without a rate limit. */
  tokens: number | null;
  /** Per second; null without a rate limit. */
  rate: number | null;
  burst: number | null;
  queued: { user: number; refresh: number; background: number };
}
