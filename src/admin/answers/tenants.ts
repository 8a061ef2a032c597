import { z } from '@hono/zod-openapi';
import { time } from './time.js';

const moment = time.nullable();

const usage = {
  requests: z.number().describe('Requests with a key of this tenant, refused ones included'),
  hits: z.number().describe('Answered from the cache, stale answers included'),
  origin_requests: z.number().describe('For which the origin was asked, by this request'),
  bytes: z.number().describe('Of bodies'),
  refused: z.number().describe('By class, rate or quota'),
};

const tenantKey = z
  .object({ id: z.string(), created: moment, expires: moment, revoked: moment })
  .openapi('TenantKey');

export const tenantRow = z
  .object({
    tenant: z.string(),
    rate: z.number().nullable().describe('Requests per second; null: no limit'),
    burst: z.number().nullable().describe("Requests at once after a pause; null: one second's worth"),
    quota: z.number().nullable().describe('Requests per day (UTC); null: no limit'),
    classes: z.array(z.string()).nullable().describe('null: all'),
    expires: moment,
    diagnostics: z.boolean().describe('It is told how its answers came about (X-Cache, Age)'),
    keys: z.array(tenantKey).describe('No key and no digest'),
    today: z.object({ ...usage, quota_left: z.number().nullable().describe('null: no quota') }),
    days: z
      .array(z.object({ date: z.string().openapi({ format: 'date' }).describe('UTC'), ...usage }))
      .describe('The 30 days before with any requests, newest first'),
    complete: z.boolean().describe('false: Redis is away, usage is of this node alone'),
  })
  .openapi('Tenant');

export const tenantsAnswer = z.object({ tenants: z.array(tenantRow), timestamp: time }).openapi('Tenants');

export type TenantRow = z.infer<typeof tenantRow>;
