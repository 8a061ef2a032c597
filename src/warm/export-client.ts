import { Agent, ProxyAgent, request } from 'undici';
import { ProxyError } from '../errors.js';
import type { Downloaded } from './export-download.js';

/** Longest silence of the host, ms. */
const SILENCE_MS = 30_000;
const CONNECT_MS = 10_000;

/**
 * GET of an export; no redirect is followed, so that nobody else's host is asked. `proxy`: the URL of a forward proxy. Rejects with
 * `origin_unreachable`.
 */
export async function openExport(
  url: string,
  { proxy, signal }: { readonly proxy: string | undefined; readonly signal: AbortSignal },
): Promise<Downloaded> {
  const options = {
    headersTimeout: SILENCE_MS,
    bodyTimeout: SILENCE_MS,
    connect: { timeout: CONNECT_MS },
  };
  const dispatcher =
    proxy === undefined
      ? new Agent(options)
      : new ProxyAgent({ ...options, uri: proxy, requestTls: options.connect });
  try {
    const { statusCode, body } = await request(url, { dispatcher, signal });
    return { status: statusCode, body, close: () => dispatcher.destroy() };
  } catch (cause) {
    await dispatcher.destroy();
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw new ProxyError('origin_unreachable', `${new URL(url).host} can't be reached${code}`, { cause });
  }
}
