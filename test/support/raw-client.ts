import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';

export interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface GetOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
  readonly onFirstByte?: () => void;
  readonly signal?: AbortSignal;
}

/** A request on a connection of its own, with nothing added or hidden by a client library. */
export function get(url: string, options: GetOptions = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, {
      method: options.method ?? 'GET',
      headers: options.headers,
      agent: false,
      signal: options.signal,
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => {
        if (chunks.length === 0) options.onFirstByte?.();
        chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      );
    });
    request.end(options.body);
  });
}

/** The body as JSON. */
export function json(got: Got): Record<string, unknown> {
  return JSON.parse(got.body.toString()) as Record<string, unknown>;
}
