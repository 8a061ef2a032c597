import { z } from '@hono/zod-openapi';

export const tenantRow = z
  .object({
    tenant: z.string(),
    rate: z.number().nullable().describe('Requests per second; null: no limit'),
    quota: z.number().nullable().describe('Requests per day (UTC); null: no limit'),
    classes: z.array(z.string()).nullable().describe('null: all'),
  })
  .openapi('Tenant');

export const tenantsAnswer = z
  .object({ tenants: z.array(tenantRow), timestamp: z.string() })
  .openapi('Tenants');

export type TenantRow = z.infer<typeof tenantRow>;
