import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getResponse, type RequestHandler } from 'msw';

export interface MswOrigin {
  readonly url: string;
  /** Requests so far, as `METHOD path`. */
  readonly requests: string[];
  close(): Promise<void>;
}

/**
 * Serves msw handlers on loopback: msw itself sees global fetch and node:http, not undici. Handlers are written for any
 * host (every path begins with `*`). `HttpResponse.error()` becomes a reset connection.
 */
export async function startMswOrigin(handlers: RequestHandler[]): Promise<MswOrigin> {
  const requests: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming;
    requests.push(`${method} ${url}`);
    const request = new Request(`http://origin${url}`, {
      method,
      headers: headers as Record<string, string>,
    });
    void (async () => {
      const response = await getResponse(handlers, request);
      if (response === undefined || response.type === 'error') return outgoing.destroy();
      outgoing.writeHead(response.status, Object.fromEntries(response.headers));
      return outgoing.end(Buffer.from(await response.arrayBuffer()));
    })();
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
