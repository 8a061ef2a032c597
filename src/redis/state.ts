import type { RedisNodeRow } from './topology.js';

/** Whether the deployment can be used, for `/health/redis`. */
export function redisState(nodes: readonly RedisNodeRow[]): {
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  readonly detail: string;
} {
  const servers = nodes.filter(({ role }) => role !== 'sentinel');
  const away = nodes.filter(({ reachable }) => !reachable);
  const masters = servers.filter(({ role, reachable }) => role === 'master' && reachable);
  const detail = `${nodes.length - away.length} of ${nodes.length} servers answer`;
  if (masters.length === 0) return { status: 'unhealthy', detail: `no master answers; ${detail}` };
  const lost = servers.filter(({ slots, reachable }) => slots !== null && !reachable);
  if (lost.length > 0) {
    return {
      status: 'degraded',
      detail: `slots ${lost.map(({ slots }) => slots).join(',')} have no master; ${detail}`,
    };
  }
  return { status: away.length > 0 ? 'degraded' : 'healthy', detail };
}
