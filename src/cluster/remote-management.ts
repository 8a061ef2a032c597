import type { Management } from '../admin/management.js';
import { type ErrorCode, ProxyError } from '../errors.js';

const METHODS = [
  'stats',
  'info',
  'health',
  'redisHealth',
  'status',
  'configuration',
  'clear',
  'purge',
  'keys',
  'entry',
  'upstreams',
  'nodes',
  'warm',
  'warmStatus',
  'tenants',
  'metrics',
] as const satisfies readonly (keyof Management)[];

/** What a management call came to, in a form that crosses processes with its error code intact. */
export type Managed = { readonly value: unknown } | { readonly code: ErrorCode; readonly message: string };

/** Management from within a worker: every question goes to the core. */
export function remoteManagement(call: (method: string, args: unknown[]) => Promise<Managed>): Management {
  const forward =
    (method: string) =>
    async (...args: unknown[]) => {
      const managed = await call(method, args);
      if ('code' in managed) throw new ProxyError(managed.code, managed.message);
      return managed.value;
    };
  return Object.fromEntries(METHODS.map((method) => [method, forward(method)])) as unknown as Management;
}

/** The core's side: calls a method by name; what the asker did wrong is a value, so that its code survives. */
export async function manage(management: Management, method: string, args: unknown[]): Promise<Managed> {
  const known = METHODS.find((name) => name === method);
  if (known === undefined) throw new ProxyError('internal', `no management method ${method}`);
  try {
    const target = management[known].bind(management) as (...args: unknown[]) => Promise<unknown>;
    return { value: await target(...args) };
  } catch (thrown) {
    if (thrown instanceof ProxyError && thrown.status < 500) {
      return { code: thrown.code, message: thrown.message };
    }
    throw thrown;
  }
}
