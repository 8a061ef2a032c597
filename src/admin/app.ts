import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import type { Clock } from '../clock.js';
import { CLASS_NAMES } from '../config/config.js';
import type { Authorize, Peer } from './auth.js';
import { credentialsOf } from './credentials.js';
import { paramsOf } from './invalid-params.js';
import type { Management } from './management.js';
import { allowedMethods, canonicalPath, isDashboard, MANAGEMENT_PATHS } from './paths.js';
import { invalid, type ProblemInput, problemOf, problemResponse } from './problem.js';
import { cacheClearRoutes } from './routes/cache-clear.js';
import { cacheInfoRoutes } from './routes/cache-info.js';
import { cacheKeysRoutes } from './routes/cache-keys.js';
import { cachePurgeRoutes } from './routes/cache-purge.js';
import { cacheWarmRoutes } from './routes/cache-warm.js';
import { clusterRoutes } from './routes/cluster.js';
import { configRoutes } from './routes/config.js';
import { dashboardRoutes } from './routes/dashboard.js';
import { healthRoutes } from './routes/health.js';
import { metricsRoutes } from './routes/metrics.js';
import { openapiRoutes } from './routes/openapi.js';
import { statsRoutes } from './routes/stats.js';
import { statusRoutes } from './routes/status.js';
import { tenantsRoutes } from './routes/tenants.js';
import { upstreamRoutes } from './routes/upstream.js';
import { setSecurityHeaders } from './security-headers.js';

/** `public`: admin paths live on `ADMIN_PORT` and are told to be elsewhere. `admin` and `all` answer everything. */
export type Surface = 'all' | 'public' | 'admin';

export interface AdminAppOptions {
  readonly management: Management;
  /** From `createAuth`. */
  readonly auth: Authorize;
  readonly peer: (c: Context) => Peer;
  /** False while starting and draining. */
  readonly ready: () => boolean;
  readonly version: string;
  readonly clock: Pick<Clock, 'now'>;
  /** Default `all`. */
  readonly surface?: Surface;
  /** `METRICS_PORT` is set: `/metrics` is not answered here. Default false. */
  readonly metricsElsewhere?: boolean;
  /** Classes of entries the site has. Default: those of the configuration. */
  readonly classes?: readonly [string, ...string[]];
  /** Answers `/dashboard` and what is under it, and asks for the key itself: people get a page, not a problem. Absent: 404. */
  readonly dashboard?: ((c: Context) => Response | Promise<Response>) | undefined;
  /** Told of faults (5xx), for the log; the client sees no details. */
  readonly onFault?: (fault: unknown, path: string) => void;
}

/**
 * The management side of one listener. Call its `fetch` (it must not be mounted with `route`: it reads aliases through
 * its own `getPath`) for every request that `ownsPath` claims.
 */
export function createAdminApp(options: AdminAppOptions): OpenAPIHono {
  const { management, clock, version, ready, classes = CLASS_NAMES } = options;
  const app = new OpenAPIHono({
    getPath: (request) => canonicalPath(pathOf(request)),
    defaultHook: (result) => {
      if (result.success) return;
      throw invalid(paramsOf(result.error.issues, result.target === 'json' ? 'body' : 'query'));
    },
  });
  app.use(async (c, next) => {
    await next();
    setSecurityHeaders(c);
  });
  app.use(gate(options));
  app.notFound((c) => problemResponse(c, NOT_FOUND));
  app.onError((error, c) => {
    const problem = problemOf(error);
    if (problem.status >= 500) options.onFault?.(error, c.req.path);
    return problemResponse(c, problem);
  });

  const parts = { app, management, clock, version, ready, classes };
  healthRoutes(parts);
  statusRoutes(parts);
  statsRoutes(parts);
  metricsRoutes(parts);
  configRoutes(parts);
  cacheInfoRoutes(parts);
  cacheClearRoutes(parts);
  cachePurgeRoutes(parts);
  cacheKeysRoutes(parts);
  cacheWarmRoutes(parts);
  tenantsRoutes(parts);
  clusterRoutes(parts);
  upstreamRoutes(parts);
  dashboardRoutes(parts);
  openapiRoutes(parts);
  return app;
}

const NOT_FOUND: ProblemInput = {
  status: 404,
  code: 'not_found',
  detail: 'There is nothing here. See /docs for what this server answers; TMDB is under /3, /4 and /t/p.',
};
const ON_ADMIN_PORT: ProblemInput = {
  status: 404,
  code: 'not_found',
  detail: 'Admin paths have a listener of their own here (ADMIN_PORT). Ask that one.',
};
const ON_METRICS_PORT: ProblemInput = {
  status: 404,
  code: 'not_found',
  detail: 'Metrics have a listener of their own here (METRICS_PORT). Ask that one.',
};

/** What every request passes before its handler: is there such a path, is it here, who asks, with which method. */
function gate(options: AdminAppOptions): MiddlewareHandler {
  const { auth, peer, surface = 'all', metricsElsewhere = false } = options;
  return async (c, next) => {
    const { method, path } = c.req;
    const known = MANAGEMENT_PATHS.get(path);
    const purge = method === 'PURGE';
    if (known === undefined && !purge && !isDashboard(path)) return problemResponse(c, NOT_FOUND);
    if (path === '/metrics' && metricsElsewhere && !purge) return problemResponse(c, ON_METRICS_PORT);
    if (purge || known?.access !== 'everyone') {
      if (surface === 'public') return problemResponse(c, ON_ADMIN_PORT);
      if (isPage(path, method)) return options.dashboard?.(c) ?? problemResponse(c, NOT_FOUND);
      // A preflight carries no credentials and does nothing.
      const refused = method === 'OPTIONS' ? undefined : auth(credentialsOf(c), peer(c));
      if (refused !== undefined) return problemResponse(c, refused);
    }
    if (known === undefined || purge) return next();
    const allowed = allowedMethods(known);
    if (method === 'OPTIONS') return c.body(null, 204, { allow: allowed.join(', ') });
    if (allowed.includes(method)) return next();
    return problemResponse(c, {
      status: 405,
      code: 'method_refused',
      detail: `${method.slice(0, 20)} does nothing here. Use ${allowed.join(', ')}.`,
      headers: { allow: allowed.join(', ') },
    });
  };
}

/** Whether the dashboard answers, which asks for the key itself. */
function isPage(path: string, method: string): boolean {
  if (method === 'PURGE' || !isDashboard(path)) return false;
  return !MANAGEMENT_PATHS.has(path) || method === 'GET' || method === 'HEAD';
}

/** The path as sent. Not decoded: the server has normalised what it hands over, and `ownsPath` decided on that. */
function pathOf(request: Request): string {
  const { url } = request;
  const start = url.indexOf('/', url.indexOf('://') + 3);
  if (start < 0) return '/';
  const end = url.slice(start).search(/[?#]/);
  return end < 0 ? url.slice(start) : url.slice(start, start + end);
}
