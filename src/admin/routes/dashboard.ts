import { createRoute, z } from '@hono/zod-openapi';
import { adminOnly, type RouteParts } from './parts.js';

const dashboard = createRoute({
  method: 'get',
  path: '/dashboard',
  operationId: 'getDashboard',
  tags: ['Dashboard'],
  summary: 'The web page; a browser without the admin key is asked for it',
  security: adminOnly.security,
  responses: {
    200: {
      description: 'The page',
      content: { 'text/html': { schema: z.string(), example: '<!doctype html>' } },
    },
    ...adminOnly.responses,
  },
});

/** For the description: what is answered is up to the dashboard, before any route (app.ts). */
export function dashboardRoutes({ app }: RouteParts): void {
  app.openapi(dashboard, (c) => c.notFound() as never);
}
