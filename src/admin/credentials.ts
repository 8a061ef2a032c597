import type { Context } from 'hono';
import type { Credentials } from './auth.js';

/** What authorisation looks at, from a request. */
export function credentialsOf(c: Context): Credentials {
  return {
    apiKey: c.req.header('x-api-key'),
    authorization: c.req.header('authorization'),
    hostname: new URL(c.req.url).hostname,
    crossSite: isCrossSite(c.req.header('sec-fetch-site'), c.req.header('origin'), c.req.header('host')),
  };
}

/** Whether a browser says, or its `Origin` shows, that a page of another site made the request. */
function isCrossSite(
  site: string | undefined,
  origin: string | undefined,
  host: string | undefined,
): boolean {
  if (site !== undefined) return site === 'cross-site' || site === 'same-site';
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host);
}
