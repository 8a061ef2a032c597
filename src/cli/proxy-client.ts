import { CommandError } from './exit-status.js';

/** A proxy that can't be asked, or that says no. `message` says what to do and holds no key. */
export class ProxyClientError extends CommandError {
  /** What the proxy answered; undefined: it could not be reached. */
  readonly answered: number | undefined;

  constructor(message: string, answered?: number) {
    super(message);
    this.name = 'ProxyClientError';
    this.answered = answered;
  }
}

export interface ProxyClientOptions {
  /** The proxy's address, no slash at the end. */
  readonly url: string;
  /** The admin key. */
  readonly key: string | undefined;
  readonly fetch: typeof fetch;
  /** For one answer, ms. */
  readonly timeoutMs?: number;
}

/** The management side of a running proxy. Every method rejects with a ProxyClientError. */
export class ProxyClient {
  readonly #options: ProxyClientOptions;

  constructor(options: ProxyClientOptions) {
    this.#options = options;
  }

  get url(): string {
    return this.#options.url;
  }

  /** The JSON that GET of a path answers. `also`: further statuses that are an answer (503 of `/health`). */
  get<T extends object>(path: string, also: readonly number[] = []): Promise<T> {
    return this.#ask(path, {}, also) as Promise<T>;
  }

  /** The JSON that POST of a path answers; `body` is sent as JSON. */
  post<T extends object>(path: string, body?: object): Promise<T> {
    const init = body === undefined ? { method: 'POST' } : { method: 'POST', body: JSON.stringify(body) };
    return this.#ask(path, init, []) as Promise<T>;
  }

  async #ask(path: string, init: RequestInit, also: readonly number[]): Promise<object> {
    const { url, key, timeoutMs = 20_000 } = this.#options;
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (key !== undefined) headers['x-api-key'] = key;
    let response: Response;
    let text: string;
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      response = await this.#options.fetch(url + path, { ...init, headers, redirect: 'error', signal });
      text = await response.text();
    } catch (thrown) {
      throw new ProxyClientError(
        `no proxy answers at ${url} (${reasonOf(thrown)}). Start one with "tmdb-cache-proxy serve", or name it with --url.`,
      );
    }
    const value = parsed(text);
    const { status } = response;
    if (value !== undefined && (response.ok || also.includes(status))) return value;
    throw new ProxyClientError(`${url} answered ${status}: ${this.#explained(status, value)}`, status);
  }

  #explained(status: number, problem: Record<string, unknown> | undefined): string {
    if (typeof problem?.detail !== 'string') return 'this does not look like a tmdb-cache-proxy';
    const { key } = this.#options;
    // The proxy's words are for those who send fields by hand.
    if (status === 401)
      return `it ${key === undefined ? 'wants its admin key' : 'does not take this admin key'}. Set ADMIN_API_KEY here to the one that the proxy has, or give it with --key.`;
    if (status === 403)
      return `without an admin key it obeys its own machine only. Run this there, asking for 127.0.0.1, or set ADMIN_API_KEY on the proxy and here.`;
    // A stranger may send back what it was sent.
    return key === undefined ? problem.detail : problem.detail.replaceAll(key, '***');
  }
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? (thrown.cause as { code?: unknown } | undefined) : undefined;
  if (typeof cause?.code === 'string') return cause.code;
  return thrown instanceof Error && thrown.name === 'TimeoutError' ? 'it is silent' : 'the connection failed';
}
