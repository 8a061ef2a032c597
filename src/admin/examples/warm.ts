import type { z } from '@hono/zod-openapi';
import type { WarmJobRow, warmAnswer } from '../answers/warm.js';
import { NOW } from './moments.js';

/** Body of a request, and its answer. */
export const WARM = { urls: ['/3/movie/550', 'https://www.themoviedb.org/tv/1399'], source: 'my list' };

export const WARMING: WarmJobRow = {
  id: 'mfz1k2a0',
  source: 'my list',
  status: 'queued',
  total: 2,
  done: 0,
  hits: 0,
  filled: 0,
  skipped: 0,
  errors: 0,
  rate: 0,
  left_s: null,
  last_error: null,
};

export const WARM_JOBS: z.infer<typeof warmAnswer> = {
  jobs: [{ ...WARMING, status: 'done', done: 2, hits: 1, filled: 1, rate: 18.2, left_s: 0 }],
  timestamp: NOW,
};

/** What server-sent events look like. */
export const WARM_EVENTS = `event: end\ndata: ${JSON.stringify(WARM_JOBS)}\n\n`;
