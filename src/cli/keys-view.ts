import type { TenantRecord } from '../tenants/records.js';

/** What is shown of a tenant: everything but digests. */
export function shownTenant({ keys: all, expires, ...tenant }: TenantRecord) {
  return {
    ...tenant,
    expires: iso(expires),
    keys: all.map((key) => ({
      id: key.id,
      created: iso(key.created),
      expires: iso(key.expires),
      revoked: iso(key.revoked),
    })),
  };
}

/** Every tenant with its limits and the ids of its keys, as text. */
export function tenantsTable(tenants: readonly TenantRecord[]): string {
  if (tenants.length === 0) return 'There is no tenant yet.\n';
  return tenants
    .map((tenant) => {
      const { rate, burst, quota, classes: allowed, expires, diagnostics } = tenant;
      const limits = [
        rate !== undefined && `${rate} a second`,
        burst !== undefined && `${burst} at once`,
        quota !== undefined && `${quota} a day`,
        allowed?.join('+'),
        expires !== undefined && `until ${iso(expires)}`,
        diagnostics && 'diagnostics',
      ].filter((limit) => typeof limit === 'string');
      const rows = tenant.keys.map((key) => `  ${key.id.padEnd(8)}${stateOf(key)}\n`);
      return `${tenant.name}: ${limits.length === 0 ? 'no limits' : limits.join(', ')}\n${rows.join('')}`;
    })
    .join('');
}

function stateOf({ created, expires, revoked }: TenantRecord['keys'][number]): string {
  const parts = [
    created !== undefined && `made ${iso(created)}`,
    revoked !== undefined
      ? `revoked ${iso(revoked)}`
      : expires !== undefined && `${expires <= Date.now() ? 'expired' : 'until'} ${iso(expires)}`,
  ];
  return parts.filter((part) => part !== false).join(', ');
}

function iso(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
