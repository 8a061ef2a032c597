import type { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Clock } from '../../clock.js';
import { PROBLEMS } from '../examples/problems.js';
import type { Management } from '../management.js';
import { problem } from '../problem.js';

/** What every family of routes is given. */
export interface RouteParts {
  readonly app: OpenAPIHono;
  readonly management: Management;
  readonly clock: Pick<Clock, 'now'>;
  readonly version: string;
  readonly ready: () => boolean;
  /** Classes of entries the site has. */
  readonly classes: readonly [string, ...string[]];
}

export function timestamp(clock: Pick<Clock, 'now'>): string {
  return new Date(clock.now()).toISOString();
}

/** A JSON answer for `createRoute`. */
export function json<S extends z.ZodType>(schema: S, description: string, example: z.input<S>) {
  return { description, content: { 'application/json': { schema, example } } } as const;
}

export const refused = (status: keyof typeof PROBLEMS, description: string) =>
  ({
    description,
    content: { 'application/problem+json': { schema: problem, example: PROBLEMS[status] } },
  }) as const;

export const badRequest = {
  400: refused(400, 'A parameter is wrong; the answer names it and what is allowed'),
} as const;
export const notFound = { 404: refused(404, 'There is no such thing') } as const;
export const conflict = {
  409: refused(409, 'The state of the job, or of the node, does not allow that'),
} as const;
export const tooLarge = { 413: refused(413, 'The body is too large') } as const;

/** What every admin path may answer beside its own, and who may use it. */
export const adminOnly = {
  security: [{ apiKey: [] }, { bearer: [] }] as Record<string, string[]>[],
  responses: {
    401: refused(401, 'The admin key is missing or wrong'),
    403: refused(403, 'No admin key is set and the request is not local'),
    429: refused(429, 'Too many wrong keys from this address'),
  },
} as const;
