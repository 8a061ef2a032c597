import { createRoute } from '@hono/zod-openapi';
import { tenantsAnswer } from '../answers/tenants.js';
import { adminOnly, json, type RouteParts, timestamp } from './parts.js';

const tenants = createRoute({
  method: 'get',
  path: '/tenants',
  tags: ['Clients'],
  summary: 'Tenants, their limits, and what they have used',
  security: adminOnly.security,
  responses: { 200: json(tenantsAnswer, 'Empty where clients need no key'), ...adminOnly.responses },
});

export function tenantsRoutes({ app, management, clock }: RouteParts): void {
  app.openapi(tenants, async (c) =>
    c.json({ tenants: await management.tenants(), timestamp: timestamp(clock) }, 200),
  );
}
