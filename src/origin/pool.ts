import { createRequire } from 'node:module';
import type { buildConnector as Connecting, Dispatcher } from 'undici';
// Not the package's index, which also loads fetch, WebSocket, mocks and caches: felt at every start.
import buildConnector from 'undici/lib/core/connect.js';
import Pool from 'undici/lib/dispatcher/pool.js';

const require = createRequire(import.meta.url);

export interface PoolOptions {
  readonly connections: number;
  readonly connectMs: number;
  readonly maxHeaderBytes: number;
  /** Proxy URL, when one is used. */
  readonly proxy: string | undefined;
}

/** The connections to one server: every undici option of this program, each with its reason. */
export function createPool(server: URL, options: PoolOptions): Dispatcher {
  const common = {
    // Unlimited by default (NOTES): TMDB drops clients with more than 20.
    connections: options.connections,
    // A second request on a busy connection would wait for the first one's body.
    pipelining: 1,
    // HTTP/2 multiplexes: `connections` would not mean requests in flight any more.
    allowH2: false,
    maxHeaderSize: options.maxHeaderBytes,
    // Deadlines are kept by AttemptDeadlines on the injected clock.
    headersTimeout: 0,
    bodyTimeout: 0,
    // Without a hint from the server: below the idle timeouts in use (nginx 75 s, Apache 5 s but it sends the hint).
    keepAliveTimeout: 10_000,
    keepAliveMaxTimeout: 60_000,
    // Subtracted from the server's hint, so that it does not close under a request.
    keepAliveTimeoutThreshold: 1_000,
  };
  const tls = { timeout: options.connectMs, allowH2: false };
  if (options.proxy === undefined) {
    return new Pool(server.origin, { ...common, connect: guarded(buildConnector(tls)) });
  }
  // Works only with what the index adds to every dispatcher.
  const { ProxyAgent } = require('undici') as typeof import('undici');
  return new ProxyAgent({
    ...common,
    uri: options.proxy,
    requestTls: tls,
    proxyTls: tls,
    // `headersTimeout` bounds the wait for the answer to CONNECT.
    clientFactory: (origin, inner) => new Pool(origin, { ...inner, headersTimeout: options.connectMs }),
    factory: (origin, inner) => new Pool(origin, withGuard(inner)),
  });
}

type PoolInit = ConstructorParameters<typeof Pool>[1];

function withGuard(inner: object): PoolInit {
  const { connect } = inner as { connect: Connecting.connector };
  return { ...inner, connect: guarded(connect) };
}

/**
 * A connector that keeps two of undici's traps shut (7.30, both measured):
 * - a reset while a response with `Connection: close` is paused ends in a failed assertion, hence in an uncaught
 *   exception: undici tries to finish a parser that is paused. It does so only for the code ECONNRESET.
 * - a connect error with code UND_ERR_SOCKET or UND_ERR_INFO (a proxy that hangs up on CONNECT) is taken for
 *   recoverable, and it connects again for ever.
 */
function guarded(connect: Connecting.connector): Connecting.connector {
  return (options, callback) => {
    connect(options, (...[error, socket]: Connecting.CallbackArgs) => {
      if (error !== null) {
        callback(relabel(error, RECOVERABLE, 'ERR_CONNECT'), null);
        return;
      }
      socket.prependListener('error', (broken: Error) => relabel(broken, RESET, 'UND_ERR_SOCKET'));
      callback(null, socket);
    });
  };
}

const RECOVERABLE = new Set(['UND_ERR_SOCKET', 'UND_ERR_INFO']);
const RESET = new Set(['ECONNRESET']);

function relabel(error: Error, codes: ReadonlySet<string>, code: string): Error {
  const coded = error as Error & { code?: string };
  if (coded.code !== undefined && codes.has(coded.code)) coded.code = code;
  return error;
}
