import type { Context } from 'hono';
import { Hono } from 'hono';
import { type ProblemInput, problemOf, problemResponse } from '../admin/problem.js';
import { once } from '../once.js';
import { apiRoutes } from './api-routes.js';
import { assetRoutes } from './asset-routes.js';
import { type Assets, loadAssets } from './assets.js';
import { door } from './door.js';
import { entryRoutes } from './entry-routes.js';
import type { DashboardEnv, DashboardOptions } from './env.js';
import { loginRoutes, logoutRoutes } from './login.js';
import { pagesOf } from './pages.js';
import { sessionsOf } from './session.js';
import { MOST_WATCHERS, Watchers } from './watchers.js';

const NOT_FOUND: ProblemInput = {
  status: 404,
  code: 'not_found',
  detail: 'There is nothing here. The dashboard is at /dashboard.',
};
const FULL: ProblemInput = {
  status: 503,
  code: 'too_many_watchers',
  detail: `${MOST_WATCHERS} dashboards are open at this process. Close one.`,
  headers: { 'retry-after': '10' },
};

/** The dashboard of one listener: `/dashboard` and everything under it. What does not stand before the door is closed. */
export function createDashboard(
  options: DashboardOptions & {
    /** Default: what the build has made. */
    readonly assets?: () => Promise<Assets>;
    /** Told of faults (5xx), for the log. */
    readonly onFault?: ((fault: unknown, path: string) => void) | undefined;
  },
): Hono<DashboardEnv> {
  const { management, clock, ready, auth, apiKey, peer, base, classes, api, version } = options;
  const sessions = sessionsOf(apiKey, clock);
  const watchers = new Watchers({ watching: management, clock, ready, apiKey });
  const assets = once(options.assets ?? loadAssets);
  const pages = pagesOf(assets);
  const entrance = { sessions, auth, peer, base, management, pages };

  const app = new Hono<DashboardEnv>();
  app.notFound((c) => problemResponse(c, NOT_FOUND));
  app.onError((error, c) => {
    const problem = problemOf(error);
    if (problem.status >= 500) options.onFault?.(error, c.req.path);
    return problemResponse(c, problem);
  });
  app.get('/dashboard/', (c) => c.redirect('/dashboard', 308));
  assetRoutes(app, assets);
  loginRoutes(app, entrance);
  app.use(door(entrance));
  logoutRoutes(app, entrance);
  app.get('/dashboard', async (c) => {
    const status = await management.status();
    return pages.main(c, { status, version, classes, canSignOut: c.get('session') !== undefined });
  });
  app.get('/dashboard/events', (c) => {
    // A stream that nobody reads would never end.
    if (c.req.method === 'HEAD') return c.body(null, 204);
    return watchers.watch(c.get('session')) ?? problemResponse(c, FULL);
  });
  entryRoutes(app, { management, classes });
  apiRoutes(app, { api, apiKey });
  return app;
}

/** As the admin app mounts it: with the request and the bindings it has. */
export function mounted(dashboard: Hono<DashboardEnv>): (c: Context) => Response | Promise<Response> {
  return (c) => dashboard.fetch(c.req.raw, c.env);
}
