import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { request as undiciRequest } from 'undici';

/** One request that a client meant for TMDB, as the client sent it. */
export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
}

export interface Redirected {
  /** Every request so far. */
  readonly asked: Asked[];
  /** The last one; throws when there was none. */
  last(): Asked;
  close(): void;
}

/** Of the connection, not of the message: they differ on the way to the proxy and back. */
const CONNECTION = new Set(['connection', 'host', 'keep-alive', 'transfer-encoding', 'content-length']);

const endToEnd = (pairs: Iterable<[string, string]>): [string, string][] =>
  [...pairs].filter(([name]) => !CONNECTION.has(name.toLowerCase()));

/**
 * Answers what this process asks of TMDB's hosts from a proxy instead, for clients whose host is a constant: what DNS
 * and a certificate do outside of tests. Global fetch and node:https are intercepted; bodies pass as they are, still
 * gzipped, and the client decodes them as it would TMDB's. (undici, which carries them on, is not intercepted.)
 */
export function redirected(proxyUrl: string): Redirected {
  const asked: Asked[] = [];
  const carry = async ({ request }: { request: Request }): Promise<Response> => {
    const url = new URL(request.url);
    asked.push({ method: request.method, url, headers: request.headers });
    const sent = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
    const answer = await undiciRequest(proxyUrl + url.pathname + url.search, {
      method: request.method as 'GET',
      headers: Object.fromEntries(endToEnd(request.headers)),
      ...(sent !== undefined && { body: sent }),
    });
    const pairs = Object.entries(answer.headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((one): [string, string] => [name, one]),
    );
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    return new HttpResponse(bytes.length === 0 ? null : bytes, {
      status: answer.statusCode,
      headers: endToEnd(pairs),
    });
  };
  const server = setupServer(
    http.all('https://api.themoviedb.org/*', carry),
    http.all('https://image.tmdb.org/*', carry),
  );
  server.listen({ onUnhandledRequest: 'bypass' });
  return {
    asked,
    last: () => {
      const found = asked.at(-1);
      if (found === undefined) throw new Error('the client asked for nothing');
      return found;
    },
    close: () => server.close(),
  };
}
