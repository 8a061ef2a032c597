import type { Management } from '../admin/management.js';
import type { Watching } from '../dashboard/watching.js';
import { type ErrorCode, ProxyError } from '../errors.js';

/** All that a core answers for its node. */
export type NodeSide = Management & Watching;

/** A record, so that none is missing: it would fail only when a worker is asked. */
const METHODS = {
  stats: true,
  info: true,
  health: true,
  redisHealth: true,
  status: true,
  configuration: true,
  reload: true,
  logLevel: true,
  setLogLevel: true,
  clear: true,
  purge: true,
  keys: true,
  entry: true,
  upstreams: true,
  nodes: true,
  warm: true,
  warmStatus: true,
  tenants: true,
  metrics: true,
  hot: true,
  preview: true,
  tally: true,
  watch: true,
  endSession: true,
  endedSessions: true,
} satisfies Record<keyof NodeSide, true>;
export const METHOD_NAMES = Object.keys(METHODS) as (keyof NodeSide)[];

/** What a management call came to, in a form that crosses processes with its error code intact. */
export type Managed =
  | { readonly value: unknown }
  | { readonly code: ErrorCode; readonly message: string; readonly advice: string };

/** Management from within a worker: every question goes to the core. */
export function remoteManagement(call: (method: string, args: unknown[]) => Promise<Managed>): NodeSide {
  const forward =
    (method: string) =>
    async (...args: unknown[]) => {
      const managed = await call(method, args);
      if ('code' in managed) {
        const { code, message, advice } = managed;
        throw new ProxyError(code, message, { advice });
      }
      return managed.value;
    };
  return Object.fromEntries(METHOD_NAMES.map((method) => [method, forward(method)])) as unknown as NodeSide;
}

/** The core's side: calls a method by name; what the asker did wrong is a value, so that its code survives. */
export async function manage(management: NodeSide, method: string, args: unknown[]): Promise<Managed> {
  const known = METHOD_NAMES.find((name) => name === method);
  if (known === undefined) throw new ProxyError('internal', `no management method ${method}`);
  try {
    const target = management[known].bind(management) as (...args: unknown[]) => Promise<unknown>;
    return { value: await target(...args) };
  } catch (thrown) {
    if (thrown instanceof ProxyError && thrown.status < 500) {
      const { code, message, advice } = thrown;
      return { code, message, advice };
    }
    throw thrown;
  }
}
