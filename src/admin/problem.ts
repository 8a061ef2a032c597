import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { asProxyError } from '../errors.js';

/** One thing that is wrong with a request. */
const invalidParam = z.object({
  name: z.string().describe('Parameter, or member of the body as a path'),
  in: z.enum(['query', 'body', 'header', 'path']),
  reason: z.string().describe('What is wrong and what is allowed'),
});

/** RFC 9457. `code` is stable; `detail` is for people and always says what to do next. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string(),
    detail: z.string(),
    invalid_params: z.array(invalidParam).optional(),
  })
  .openapi('Problem');

export type InvalidParam = z.infer<typeof invalidParam>;
export type Problem = z.infer<typeof problem>;

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

export interface ProblemInput {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly invalid?: readonly InvalidParam[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown by a handler; `onError` of the app prints it. */
export class ProblemError extends Error {
  readonly problem: ProblemInput;

  constructor(input: ProblemInput) {
    super(input.detail);
    this.name = 'ProblemError';
    this.problem = input;
  }
}

/** A 400 about what was sent. */
export function invalid(params: readonly InvalidParam[]): ProblemError {
  const detail = params.map((param) => `${param.name}: ${param.reason}`).join('; ');
  return new ProblemError({ status: 400, code: 'bad_request', detail, invalid: params });
}

export function problemResponse(c: Context, input: ProblemInput): Response {
  const body: Problem = {
    type: 'about:blank',
    title: TITLES[input.status] ?? 'Error',
    status: input.status,
    code: input.code,
    detail: input.detail,
    ...(input.invalid === undefined ? {} : { invalid_params: [...input.invalid] }),
  };
  return c.json(body, input.status as ContentfulStatusCode, {
    'content-type': 'application/problem+json',
    ...input.headers,
  });
}

/** Anything thrown. What is not a ProblemError or a ProxyError shows no details: it may hold anything. */
export function problemOf(thrown: unknown): ProblemInput {
  if (thrown instanceof ProblemError) return thrown.problem;
  const error = asProxyError(thrown);
  const detail =
    error.code === 'internal' ? error.advice : `${error.message.replace(/\.$/, '')}. ${error.advice}`;
  return {
    status: error.status,
    code: error.code,
    detail,
    ...(error.retryAfter === undefined
      ? {}
      : { headers: { 'retry-after': String(Math.ceil(error.retryAfter)) } }),
  };
}
