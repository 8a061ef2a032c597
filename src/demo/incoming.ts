import type { IncomingMessage } from 'node:http';
import type { Incoming } from './api.js';
import type { Json, JsonObject } from './random.js';

/** Of a request's body, bytes. */
const BODY_LIMIT = 1024 * 1024;

/** The body as text; what is beyond the limit is read and left out. */
export async function readText(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= BODY_LIMIT) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The request as routes see it; undefined when its body is not a JSON object. */
export function incomingOf(
  req: IncomingMessage,
  method: string,
  target: string,
  text: string,
): Incoming | undefined {
  const local = target.replace(/^https?:\/\/[^/?]*/i, '');
  const mark = local.indexOf('?');
  const path = (mark < 0 ? local : local.slice(0, mark)).replace(/\/{2,}/g, '/');
  const body = parseObject(text);
  if (!body) return undefined;
  const header = (name: string): string | undefined => {
    const value = req.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  return { method, path, query: new URLSearchParams(mark < 0 ? '' : local.slice(mark + 1)), header, body };
}

function parseObject(text: string): JsonObject | undefined {
  if (text.trim() === '') return {};
  try {
    const value = JSON.parse(text) as Json;
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
