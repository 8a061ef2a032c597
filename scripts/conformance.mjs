// `npm run conformance [-- --mode memory|disk|redis|workers|node-http|all]` runs the field's public suite for HTTP caches against the built
// proxy. The runner is TypeScript and shares the tests' support; Node 20 cannot run that by itself, so vitest's server loads it.
import { createViteServer } from 'vitest/node';

const server = await createViteServer({
  configFile: false,
  appType: 'custom',
  logLevel: 'error',
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
});
try {
  const { conformance } = await server.ssrLoadModule('/test/conformance/main.ts');
  process.exitCode = await conformance(process.argv.slice(2));
} finally {
  await server.close();
}
