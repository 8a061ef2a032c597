import type { Ask, Reply } from './ask.js';

/** What answers a request. */
export type Handler = (ask: Ask) => Reply;

interface Route {
  readonly method: string;
  readonly parts: readonly string[];
  readonly handler: Handler;
}

/** Finds handlers by method and path; `:name` in a pattern matches any one segment. */
export class Router {
  readonly #byLength = new Map<number, Route[]>();

  /** Adds a route; those added first win. */
  on(method: string, pattern: string, handler: Handler): this {
    const parts = pattern.split('/').slice(1);
    const routes = this.#byLength.get(parts.length) ?? [];
    routes.push({ method, parts, handler });
    this.#byLength.set(parts.length, routes);
    return this;
  }

  get(pattern: string, handler: Handler): this {
    return this.on('GET', pattern, handler);
  }

  /** The handler for a request, `'method'` when only the method is wrong, undefined for an unknown path. */
  match(
    method: string,
    path: string,
  ): { handler: Handler; params: Record<string, string> } | 'method' | undefined {
    const segments = path.split('/').slice(1);
    let known = false;
    for (const route of this.#byLength.get(segments.length) ?? []) {
      const params = bind(route.parts, segments);
      if (!params) continue;
      if (route.method === method) return { handler: route.handler, params };
      known = true;
    }
    return known ? 'method' : undefined;
  }
}

function bind(parts: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = segment;
    else if (part !== segment) return undefined;
  }
  return params;
}
