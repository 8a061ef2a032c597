import { z } from '@hono/zod-openapi';
import { time } from './time.js';

export const statusAnswer = z
  .object({
    status: z.enum(['running', 'draining']),
    version: z.string(),
    server_id: z.string(),
    region: z.string(),
    uptime: z.number().describe('Seconds'),
    start_time: time,
    timestamp: time,
    workers: z.number().int().describe('Live worker processes'),
    ready: z.number().int().describe('Of these, those that accept connections'),
  })
  .openapi('Status');

export type StatusAnswer = z.infer<typeof statusAnswer>;
