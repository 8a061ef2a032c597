import type { TenantUsage } from '../tenants/tenant.js';
import type { CollectedMetrics } from './metrics-collected.js';

/** What each tenant has used, by this node's account. */
export interface TenantFigures {
  readonly usage: readonly TenantUsage[];
}

/** Metrics of tenants; none while `tenants` gives nothing. */
export function tenantsMetrics(
  _metrics: CollectedMetrics,
  _prefix: string,
  _tenants: () => TenantFigures | undefined,
): void {}
