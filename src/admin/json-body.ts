import type { z } from '@hono/zod-openapi';
import { paramsOf } from './invalid-params.js';
import { invalid, ProblemError } from './problem.js';

/** The body of a request, as its schema gives it. Throws a ProblemError: 400 with what is wrong, or 413 beyond `maxBytes`. */
export async function checkedBody<S extends z.ZodType>(
  schema: S,
  request: Request,
  maxBytes: number,
): Promise<z.output<S>> {
  return checked(schema, await jsonBody(request, maxBytes));
}

/** The same of a body that was read. */
export function checked<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw invalid(paramsOf(parsed.error.issues, 'body'));
  return parsed.data;
}

/** The JSON of a request's body, whatever its content type says (`curl -d`). Throws a ProblemError: 400, or 413 beyond `maxBytes`. */
export async function jsonBody(request: Request, maxBytes: number): Promise<unknown> {
  const text = await bodyText(request, maxBytes);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const problem = invalid([{ name: 'body', in: 'body', reason: 'must be a JSON object' }]);
    problem.cause = cause;
    throw problem;
  }
}

/** The body as text, read no further than its bound; a 413 beyond it. Hono's own limiter fails on a POST without a body (2.1.7). */
export async function bodyText({ body }: Request, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      const detail = `The body is larger than ${maxBytes} bytes. Send several requests.`;
      throw new ProblemError({ status: 413, code: 'content_too_large', detail });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
