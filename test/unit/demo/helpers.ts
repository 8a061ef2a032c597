import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { afterEach } from 'vitest';
import {
  type JsonObject,
  type SampleOrigin,
  type SampleOriginOptions,
  startSampleOrigin,
} from '../../../src/demo/index.js';

/** A response with the body exactly as sent. */
export interface Raw {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly json: JsonObject;
}

const started: SampleOrigin[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((origin) => origin.close()));
});

/** A sample origin that ends with the test. */
export async function sample(options: SampleOriginOptions = {}): Promise<SampleOrigin> {
  const origin = await startSampleOrigin({ clock: { now: () => Date.UTC(2026, 0, 15, 12) }, ...options });
  started.push(origin);
  return origin;
}

/** One request on a connection of its own; `path` gets a key unless it has one. */
export function ask(
  origin: SampleOrigin,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: object } = {},
): Promise<Raw> {
  const keyed = /^\/[34]\//.test(path) && !path.includes('api_key') && !options.headers?.authorization;
  const target = keyed ? `${path}${path.includes('?') ? '&' : '?'}api_key=k` : path;
  return new Promise((resolve, reject) => {
    const { port } = origin;
    const { method = 'GET', headers = {} } = options;
    const req = httpRequest({ port, path: target, method, headers, agent: false }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.once('error', reject);
      res.once('end', () => {
        const body = Buffer.concat(chunks);
        const raw = { status: res.statusCode ?? 0, headers: res.headers, rawHeaders: res.rawHeaders, body };
        resolve({
          ...raw,
          get json() {
            return JSON.parse(body.toString()) as JsonObject;
          },
        });
      });
    });
    req.once('error', reject);
    req.end(options.body === undefined ? undefined : JSON.stringify(options.body));
  });
}
