import type { z } from '@hono/zod-openapi';
import type { configAnswer, logLevelAnswer, reloadAnswer } from '../answers/config.js';
import { NOW, STARTED } from './moments.js';

export const CONFIG: z.infer<typeof configAnswer> = {
  PORT: { value: 6635, source: 'default', reason: 'default', loaded_at: STARTED },
  TMDB_API_KEY: { value: '***', source: 'env', reason: 'TMDB_API_KEY', loaded_at: STARTED },
};

export const RELOADED: z.infer<typeof reloadAnswer> = {
  message: '2 variables hold anew; PORT: that needs a restart',
  changed: ['JSON_DISK_TTL', 'LOG_LEVEL'],
  needs_restart: ['PORT'],
  settled: true,
  loaded_at: NOW,
  timestamp: NOW,
};

export const LOG_LEVEL: z.infer<typeof logLevelAnswer> = {
  level: 'debug',
  configured: 'info',
  timestamp: NOW,
};
