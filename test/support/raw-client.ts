import { type IncomingHttpHeaders, request as httpRequest } from 'node:http';

export interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** ms since the start of the process when the first byte of the body arrived. */
  readonly firstByteAt: number;
  readonly endedAt: number;
}

export interface GetOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

/** A request on a connection of its own, with nothing added or hidden by a client library. */
export function get(url: string, options: GetOptions = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: options.method ?? 'GET', headers: options.headers, agent: false });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let firstByteAt = 0;
      response.on('data', (chunk: Buffer) => {
        if (firstByteAt === 0) firstByteAt = performance.now();
        chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
          firstByteAt,
          endedAt: performance.now(),
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
