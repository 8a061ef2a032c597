import { METHOD_NAMES, type NodeSide } from './remote-management.js';

/** Questions without arguments whose answer is collected from every process of the node, from peers, or from Redis. */
const READS: ReadonlySet<keyof NodeSide> = new Set([
  'stats',
  'info',
  'health',
  'redisHealth',
  'status',
  'upstreams',
  'nodes',
  'tenants',
  'metrics',
]);

/** The same, with reads that are asked for together collected once. */
export function sharedReads(management: NodeSide): NodeSide {
  const methods = METHOD_NAMES.map((name) => {
    const method = management[name].bind(management) as (...args: unknown[]) => Promise<unknown>;
    return [name, READS.has(name) ? gathered(method) : method];
  });
  return Object.fromEntries(methods) as NodeSide;
}

/**
 * Runs once at a time, and once more for all who have asked meanwhile: everybody's answer was begun after they asked, and however
 * many ask, two are enough.
 */
export function gathered<T>(collect: () => Promise<T>): () => Promise<T> {
  let running: Promise<void> | undefined;
  let next: Promise<T> | undefined;
  const over = () => {
    if (next === undefined) running = undefined;
  };
  const begin = () => {
    next = undefined;
    const answer = collect();
    running = answer.then(over, over);
    return answer;
  };
  return () => {
    if (running === undefined) return begin();
    next ??= running.then(begin);
    return next;
  };
}
