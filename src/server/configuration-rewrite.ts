import type { Trust } from './peer.js';
import type { Rewriter } from './settings.js';

export interface RewriteOptions {
  readonly publicUrl: string | undefined;
  /** Whose `X-Forwarded-*` is believed. */
  readonly trust: Trust;
}

/** What has `/3/configuration` name this proxy as the host of the images; undefined: it stays as TMDB sent it. */
export function configurationRewriter(_options: RewriteOptions): Rewriter | undefined {
  return undefined;
}
