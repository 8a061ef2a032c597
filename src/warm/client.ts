import type { WarmJob } from './job.js';

/** A proxy that can't be asked, or that says no. `message` is for people and holds no key. */
export class WarmClientError extends Error {
  /** The proxy's status; undefined: it could not be reached. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.name = 'WarmClientError';
    this.status = status;
  }
}

export interface WarmClientOptions {
  /** The proxy's address, no slash at the end. */
  readonly url: string;
  /** The admin key. */
  readonly key: string | undefined;
  readonly fetch: typeof fetch;
  /** For one answer, ms. */
  readonly timeoutMs?: number;
}

/** The management side of a running proxy, as far as warm-up goes. Every method rejects with a WarmClientError. */
export class WarmClient {
  readonly #options: WarmClientOptions;

  constructor(options: WarmClientOptions) {
    this.#options = options;
  }

  /** `POST /cache/warm`: its body, its answer. */
  post(body: object): Promise<WarmJob> {
    return this.#ask('/cache/warm', { method: 'POST', body: JSON.stringify(body) }) as Promise<WarmJob>;
  }

  async job(id: string): Promise<WarmJob> {
    const { jobs } = (await this.#ask(`/cache/warm?id=${encodeURIComponent(id)}`, {})) as { jobs: WarmJob[] };
    return jobs[0]!;
  }

  async #ask(path: string, init: RequestInit): Promise<unknown> {
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
      throw new WarmClientError(
        `no proxy answers at ${url} (${reasonOf(thrown)}). Start one with "tmdb-cache-proxy serve", or name it with --url.`,
      );
    }
    const value = parsed(text);
    if (response.ok && value !== undefined) return value;
    const detail =
      typeof value?.detail === 'string' ? value.detail : 'this does not look like a tmdb-cache-proxy';
    throw new WarmClientError(`${url} answered ${response.status}: ${detail}`, response.status);
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
