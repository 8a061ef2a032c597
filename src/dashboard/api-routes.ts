import type { Hono } from 'hono';
import { MANAGEMENT_PATHS } from '../admin/paths.js';
import type { DashboardEnv, DashboardOptions } from './env.js';

const PREFIX = '/dashboard/api';

type ApiOptions = Pick<DashboardOptions, 'api' | 'apiKey'>;

/**
 * The management API for the page, under a path that the session's cookie is sent to; what is asked there is asked with the admin key.
 * Behind the door.
 */
export function apiRoutes(app: Hono<DashboardEnv>, { api, apiKey }: ApiOptions): void {
  app.all(`${PREFIX}/*`, (c) => {
    const { raw, method } = c.req;
    const path = c.req.path.slice(PREFIX.length);
    // Not PURGE on any path, and not the dashboard in the dashboard.
    if (!MANAGEMENT_PATHS.has(path) || path === '/dashboard') return c.notFound();
    const headers = new Headers(raw.headers);
    headers.delete('cookie');
    const key = apiKey() ?? '';
    if (key !== '') headers.set('x-api-key', key);
    const url = raw.url.replace(`${PREFIX}/`, '/');
    const body = method === 'GET' || method === 'HEAD' ? null : raw.body;
    const request = new Request(url, {
      method,
      headers,
      signal: raw.signal,
      ...(body !== null && { body, duplex: 'half' }),
    } as RequestInit);
    return api(request, c.env);
  });
}
