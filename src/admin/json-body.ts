import { invalid, ProblemError } from './problem.js';

/** The JSON of a request's body, whatever its content type says (`curl -d`). Throws a ProblemError: 400, or 413 beyond `maxBytes`. */
export async function jsonBody(request: Request, maxBytes: number): Promise<unknown> {
  const text = await textOf(request.body, maxBytes);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const problem = invalid([{ name: 'body', in: 'body', reason: 'must be a JSON object' }]);
    problem.cause = cause;
    throw problem;
  }
}

/** The body as text, read no further than its bound. Hono's own limiter fails on a POST without a body (2.1.7). */
async function textOf(body: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<string> {
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
