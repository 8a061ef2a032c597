import { createRoute } from '@hono/zod-openapi';
import { configAnswer } from '../answers/cluster.js';
import { adminOnly, json, type RouteParts } from './parts.js';

const config = createRoute({
  method: 'get',
  path: '/config',
  tags: ['Configuration'],
  summary: 'Every variable as it holds now, where it came from and why',
  security: adminOnly.security,
  responses: { 200: json(configAnswer, 'By name; secrets are redacted'), ...adminOnly.responses },
});

export function configRoutes({ app, management }: RouteParts): void {
  app.openapi(config, async (c) => {
    const settings = await management.configuration();
    return c.json(
      Object.fromEntries(
        settings.map(({ name, value, source, reason }) => [name, { value, source, reason }] as const),
      ),
      200,
    );
  });
}
