import type { AdminAppOptions } from './admin/app.js';
import { probeOf } from './admin/probes.js';
import type { ManagementApp } from './server/app.js';

/** The management side of a listener, loaded by the first request that is not a probe. */
export function managementApp(options: AdminAppOptions): ManagementApp {
  let app: Promise<ManagementApp> | undefined;
  const load = async () => {
    const { createAdminApp } = await import('./admin/app.js');
    return createAdminApp(options);
  };
  return {
    fetch: async (request, bindings) => {
      app ??= load().catch((thrown) => {
        app = undefined; // no file descriptor was left, say: the next request tries again
        throw thrown;
      });
      return (await app).fetch(request, bindings);
    },
    probe: (path) => probeOf(path, options.ready),
  };
}
