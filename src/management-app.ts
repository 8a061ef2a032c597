import type { AdminAppOptions } from './admin/app.js';
import { isRefusable } from './admin/paths.js';
import { probeOf } from './admin/probes.js';
import { CLASS_NAMES } from './config/config.js';
import type { DashboardOptions } from './dashboard/env.js';
import { ProxyError } from './errors.js';
import { once } from './once.js';
import type { ManagementApp } from './server/app.js';
import { problemBody } from './server/error-response.js';

/** What the management side of a listener is made of, its pages included. */
export type ManagementOptions = Omit<AdminAppOptions, 'dashboard'> &
  Omit<DashboardOptions, 'api' | 'classes'>;

async function createApp(options: ManagementOptions): Promise<ManagementApp> {
  const [{ createAdminApp }, { createDashboard, mounted }] = await Promise.all([
    import('./admin/app.js'),
    import('./dashboard/app.js'),
  ]);
  const { classes = CLASS_NAMES } = options;
  const dashboard = createDashboard({
    ...options,
    classes,
    api: (request, bindings) => admin.fetch(request, bindings),
  });
  const admin = createAdminApp({ ...options, dashboard: mounted(dashboard) });
  return admin;
}

/** The management side of a listener, loaded by `preload` or by the first request that is not a probe. */
export function managementApp(options: ManagementOptions, create = createApp): ManagementApp {
  // It fails where no file descriptor is left, say: the next request tries again.
  const loaded = once(() => create(options));
  return {
    fetch: async (request, bindings) => {
      let management: ManagementApp;
      try {
        management = await loaded();
      } catch (cause) {
        return notLoaded(cause, request, options);
      }
      return management.fetch(request, bindings);
    },
    isRefusable,
    probe: (path) => probeOf(path, options.ready),
    preload: async () => void (await loaded()),
  };
}

function notLoaded(cause: unknown, request: Request, { onFault }: ManagementOptions): Response {
  onFault?.(cause, new URL(request.url).pathname);
  const error = new ProxyError('internal', 'the management side can not be loaded; restart this node', {
    cause,
  });
  const { type, body } = problemBody(error);
  return new Response(body, { status: error.status, headers: { 'content-type': type } });
}
