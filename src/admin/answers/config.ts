import { z } from '@hono/zod-openapi';
import { LOG_LEVELS } from '../../config/config.js';
import { exactBody } from '../query.js';
import { time } from './time.js';

export const configAnswer = z
  .record(
    z.string(),
    z.object({
      value: z.union([z.string(), z.number(), z.boolean(), z.null()]),
      source: z.enum(['default', 'env', 'file', 'derived']),
      reason: z.string(),
      loaded_at: time.describe('When this value was read'),
      needs_restart: z.literal(true).optional().describe('It is given otherwise now, which needs a restart'),
    }),
  )
  .describe('By variable name; secrets are ***')
  .openapi('Config');

const level = z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`);

/** The body of `PUT /config/log-level`. */
export const logLevelBody = exactBody({ level }).openapi('LogLevelRequest');

export const logLevelAnswer = z
  .object({
    level: level.describe('In force'),
    configured: level.describe('In force again when the configuration is read again'),
    timestamp: time,
  })
  .openapi('LogLevel');

export const reloadAnswer = z
  .object({
    message: z.string(),
    changed: z.array(z.string()).describe('Variables that hold anew'),
    needs_restart: z.array(z.string()).describe('Variables that are given otherwise now than they hold'),
    settled: z.boolean().describe('false: not all of it could be put to use; the log says why'),
    loaded_at: time,
    timestamp: time,
  })
  .openapi('ConfigReloaded');
