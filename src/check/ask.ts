import type { Clock } from '../clock.js';
import type { UpstreamConfig } from '../config/config.js';
import { createOrigin, type OriginService } from '../origin/origin.js';
import type { BodySource, OriginResponse } from '../origin/source.js';

/** Longest wait for one answer, ms. */
const ASK_MS = 5000;
/** More than the answers that are looked at have. */
const MAX_BODY_BYTES = 1024 * 1024;

export interface Asked {
  readonly target: string;
  readonly headers?: readonly string[];
}

/** Asks servers of the configuration the way the program does: same TLS, same HTTPS_PROXY, but once and one by one. */
export class Asker {
  readonly #origin: OriginService;

  constructor(upstream: UpstreamConfig, clock: Clock) {
    const servers = new Set(upstream.groups.flatMap((group) => group.servers.map(({ origin }) => origin)));
    this.#origin = createOrigin({
      groups: [...servers].map((server) => ({
        name: server,
        servers: [server],
        maxConnections: 4,
        rate: null,
      })),
      timeouts: { connectMs: ASK_MS, headersMs: ASK_MS, bodyMs: ASK_MS },
      maxRetries: 0,
      clock,
      proxy: { https: upstream.httpsProxy },
    });
  }

  /** The answer of a server, its body not read yet. Rejects with a ProxyError that says why there is none. */
  ask(server: string, { target, headers = [] }: Asked, signal: AbortSignal): Promise<OriginResponse> {
    return this.#origin.fetch({
      upstream: server,
      method: 'GET',
      target,
      headers: ['Accept', 'application/json', 'Accept-Encoding', 'identity', ...headers],
      retryable: false,
      priority: 'user',
      signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]),
    });
  }

  close(): Promise<void> {
    return this.#origin.close();
  }
}

/** The body, cut at a megabyte. Rejects when it breaks off. */
export function textOf(body: BodySource): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const end = () => resolve(Buffer.concat(chunks).toString());
    body.start({
      data: (chunk) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes < MAX_BODY_BYTES) return;
        body.cancel();
        end();
      },
      end,
      error: reject,
    });
  });
}

/** What a text is as JSON; undefined: it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
