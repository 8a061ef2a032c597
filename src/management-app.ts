import type { AdminAppOptions } from './admin/app.js';
import { probeOf } from './admin/probes.js';
import { ProxyError } from './errors.js';
import type { ManagementApp } from './server/app.js';
import { problemBody } from './server/error-response.js';

async function createApp(options: AdminAppOptions): Promise<ManagementApp> {
  const { createAdminApp } = await import('./admin/app.js');
  return createAdminApp(options);
}

/** The management side of a listener, loaded by `preload` or by the first request that is not a probe. */
export function managementApp(options: AdminAppOptions, create = createApp): ManagementApp {
  let app: Promise<ManagementApp> | undefined;
  const loaded = async () => {
    app ??= create(options);
    try {
      return await app;
    } catch (fault) {
      app = undefined; // no file descriptor was left, say: the next request tries again
      throw fault;
    }
  };
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
    probe: (path) => probeOf(path, options.ready),
    preload: async () => void (await loaded()),
  };
}

function notLoaded(cause: unknown, request: Request, { onFault }: AdminAppOptions): Response {
  onFault?.(cause, new URL(request.url).pathname);
  const error = new ProxyError('internal', 'the management side can not be loaded; restart this node', {
    cause,
  });
  const { type, body } = problemBody(error);
  return new Response(body, { status: error.status, headers: { 'content-type': type } });
}
