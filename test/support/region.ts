import { type ProxyProcess, pointedAt, startProxy } from './proxy-process.js';
import { type Got, get } from './raw-client.js';

export const ADMIN = { 'x-api-key': 'admin-secret' };

/** Proxy processes of one region: they share a Redis, as `docs/redis.md` has it. */
export interface Region {
  readonly nodes: readonly ProxyProcess[];
  readonly urls: readonly string[];
  purge(node: number, selectors: object): Promise<Got>;
  stop(): Promise<void>;
}

/** `env` as an operator would set it, `REDIS_CLUSTER_NODES` or the like included. */
export async function startRegion(
  count: number,
  originUrl: string,
  env: Record<string, string>,
): Promise<Region> {
  const nodes = await Promise.all(
    Array.from({ length: count }, (_, i) =>
      startProxy({
        quiet: true,
        env: pointedAt(originUrl, {
          ADMIN_API_KEY: 'admin-secret',
          SERVER_ID: `node-${i + 1}`,
          USE_REDIS: 'true',
          WORKERS: '1',
          ...env,
        }),
      }),
    ),
  );
  const urls = nodes.map(({ url }) => url);
  return {
    nodes,
    urls,
    purge: (node, selectors) => purge(urls[node]!, selectors),
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

export function purge(url: string, selectors: object): Promise<Got> {
  return get(`${url}/cache/purge`, {
    method: 'POST',
    headers: { ...ADMIN, 'content-type': 'application/json' },
    body: JSON.stringify(selectors),
  });
}

/** Tries until `attempt` does not throw; its last error after `forMs`. */
export async function within<T>(forMs: number, attempt: () => Promise<T>, everyMs = 50): Promise<T> {
  const until = Date.now() + forMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
