import { z } from '@hono/zod-openapi';

/** An instant, as `Date.toISOString` prints it. */
export const time = z.string().openapi({ format: 'date-time' });
