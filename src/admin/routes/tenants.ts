import { createRoute } from '@hono/zod-openapi';
import { tenantsAnswer } from '../answers/tenants.js';
import { TENANTS } from '../examples/tenants.js';
import { adminOnly, json, type RouteParts, timestamp } from './parts.js';

const tenants = createRoute({
  method: 'get',
  path: '/tenants',
  operationId: 'listTenants',
  tags: ['Clients'],
  summary: 'Tenants, their limits, and what they have used',
  security: adminOnly.security,
  responses: { 200: json(tenantsAnswer, 'Empty where clients need no key', TENANTS), ...adminOnly.responses },
});

export function tenantsRoutes({ app, management, clock }: RouteParts): void {
  app.openapi(tenants, async (c) =>
    c.json({ tenants: await management.tenants(), timestamp: timestamp(clock) }, 200),
  );
}
