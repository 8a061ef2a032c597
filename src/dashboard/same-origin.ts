/** What a browser says of where a request comes from. */
export interface Provenance {
  /** `Sec-Fetch-Site`; browsers send it on https and to this machine only. */
  readonly site: string | undefined;
  readonly origin: string | undefined;
  readonly host: string | undefined;
  /** Where a trusted proxy in front of us was asked, `https://host[:port]`. */
  readonly base: string | undefined;
}

/**
 * Whether a page of ours made the request. What changes something for a cookie must be: `SameSite=Strict` holds for sites, and other
 * ports of this host and other hosts of its domain are the same site.
 */
export function isSameOrigin({ site, origin, host, base }: Provenance): boolean {
  if (site !== undefined) return site === 'same-origin';
  if (origin === undefined || !URL.canParse(origin)) return false;
  const from = new URL(origin);
  return from.host === host?.toLowerCase() || (base !== undefined && from.origin === base);
}
