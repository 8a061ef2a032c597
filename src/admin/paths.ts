/** Who may use a path: everyone, or holders of the admin key (CONTRACT, Authorisation). */
export type Access = 'everyone' | 'admin';

export interface ManagementPath {
  /** HEAD works where GET does, OPTIONS everywhere; neither is listed. */
  readonly methods: readonly ('GET' | 'POST' | 'PUT')[];
  readonly access: Access;
  /** Older installations ask for it under `/api` and `/mapi` too. */
  readonly aliased: boolean;
}

const row = (access: Access, aliased: boolean, ...methods: ManagementPath['methods']): ManagementPath => ({
  methods,
  access,
  aliased,
});

/**
 * Every management path there is. The router is compared with this table by a test, access is decided from it alone, and
 * what is not in it reaches no handler: a forgotten line closes a path rather than opening it.
 */
export const MANAGEMENT_PATHS: ReadonlyMap<string, ManagementPath> = new Map([
  ['/health', row('everyone', true, 'GET')],
  ['/health/redis', row('everyone', false, 'GET')],
  ['/livez', row('everyone', false, 'GET')],
  ['/readyz', row('everyone', false, 'GET')],
  ['/status', row('everyone', true, 'GET')],
  ['/stats', row('everyone', true, 'GET')],
  ['/metrics', row('everyone', false, 'GET')],
  ['/config', row('admin', true, 'GET')],
  ['/config/reload', row('admin', false, 'POST')],
  ['/config/log-level', row('admin', false, 'GET', 'PUT')],
  ['/cache/info', row('admin', true, 'GET')],
  ['/cache/clear', row('admin', true, 'POST')],
  ['/cache/purge', row('admin', true, 'POST')],
  ['/cache/keys', row('admin', true, 'GET')],
  ['/cache/search', row('admin', true, 'GET')],
  ['/cache/entry', row('admin', true, 'GET')],
  ['/cache/warm', row('admin', true, 'GET', 'POST')],
  ['/tenants', row('admin', false, 'GET')],
  ['/cluster/nodes', row('admin', false, 'GET')],
  ['/upstream', row('admin', true, 'GET')],
  ['/dashboard', row('admin', false, 'GET')],
  ['/openapi.json', row('everyone', false, 'GET')],
  ['/docs', row('everyone', false, 'GET')],
]);

const ALIAS_PREFIXES = ['/api', '/mapi'];

/** The path an alias stands for, or the path itself. */
export function canonicalPath(path: string): string {
  for (const prefix of ALIAS_PREFIXES) {
    if (!path.startsWith(`${prefix}/`)) continue;
    const rest = path.slice(prefix.length);
    if (MANAGEMENT_PATHS.get(rest)?.aliased === true) return rest;
  }
  return path;
}

/** The dashboard and what its page asks for: it has a table of its own (src/dashboard/app.ts). */
export function isDashboard(path: string): boolean {
  return path === '/dashboard' || path.startsWith('/dashboard/');
}

/**
 * Whether the management app, not the proxy, answers. `path` is normalised (decoded once, no dot segments) and has no
 * query. A known path is ours with every method, so that a wrong one is a 405 and never travels to the origin;
 * `PURGE` is ours on every path.
 */
export function ownsPath(path: string, method: string): boolean {
  return method === 'PURGE' || isDashboard(path) || MANAGEMENT_PATHS.has(canonicalPath(path));
}

const PROBES: ReadonlySet<string> = new Set(['/health', '/health/redis', '/livez', '/readyz']);

/** Whether anybody may have it, and no load balancer's probe is it: what a flood of such requests may be refused. */
export function isRefusable(path: string): boolean {
  const canonical = canonicalPath(path);
  return MANAGEMENT_PATHS.get(canonical)?.access === 'everyone' && !PROBES.has(canonical);
}

/** For the `Allow` field. */
export function allowedMethods(path: ManagementPath): string[] {
  return [...path.methods, ...(path.methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'];
}
