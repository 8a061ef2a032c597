import type { TenantUsage } from '../tenants/tenant.js';
import { boundedNames, type CollectedMetrics, type Sample } from './metrics-collected.js';

/** What each tenant has used, by this node's account. */
export interface TenantFigures {
  /** Since the node started; undefined where everybody may read the metrics. */
  readonly usage?: readonly TenantUsage[];
  /** Keys in force; undefined as `usage` is. */
  readonly keys?: number;
  /** The keys file says what is in force. */
  readonly fileIsGood: boolean;
}

/** More tenants than this are one series together. */
const MOST_TENANTS = 200;

/** Metrics of tenants; none while `tenants` gives nothing. */
export function tenantsMetrics(
  metrics: CollectedMetrics,
  prefix: string,
  tenants: () => TenantFigures | undefined,
): void {
  const nameOf = boundedNames(MOST_TENANTS);
  const counter = (name: string, help: string, pick: (usage: TenantUsage) => number) =>
    metrics.add({ name: `${prefix}tenant_${name}`, help, type: 'counter', labels: ['tenant'] }, () => {
      const values = new Map<string, number>();
      for (const usage of tenants()?.usage ?? []) {
        const tenant = nameOf(usage.tenant);
        values.set(tenant, (values.get(tenant) ?? 0) + pick(usage));
      }
      return [...values].map(([tenant, value]): Sample => ({ labels: { tenant }, value }));
    });
  counter('requests_total', "Requests with a tenant's key.", ({ requests }) => requests);
  counter('hits_total', 'Of these, answered from the cache.', ({ hits }) => hits);
  counter(
    'origin_requests_total',
    'Of these, for which the origin was asked.',
    ({ originRequests }) => originRequests,
  );
  counter('bytes_total', 'Bytes of bodies sent to the tenant.', ({ bytes }) => bytes);
  counter('refused_total', 'Of these, refused by class, rate or quota.', ({ refused }) => refused);
  const gauge = (name: string, help: string, pick: (now: TenantFigures) => number | undefined) =>
    metrics.add({ name: `${prefix}${name}`, help, type: 'gauge' }, () => {
      const now = tenants();
      const value = now === undefined ? undefined : pick(now);
      return value === undefined ? [] : [{ labels: {}, value }];
    });
  gauge('proxy_keys', 'Proxy keys in force.', ({ keys }) => keys);
  gauge('proxy_keys_file_good', '1 while PROXY_KEYS_FILE says what is in force.', ({ fileIsGood }) =>
    Number(fileIsGood),
  );
}
