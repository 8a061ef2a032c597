import type { Context } from 'hono';

/** Without the policy for pages, which a page may have of its own. */
export const SECURITY_FIELDS: Readonly<Record<string, string>> = {
  // Management answers are about this very moment, and some are for the operator alone.
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

export const DEFAULT_CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** A file keeps its lifetime, and a page with forms what makes browsers say that it sent them. */
const OWN: ReadonlySet<string> = new Set(['cache-control', 'referrer-policy']);

/** On every management answer. A page that sets a policy of its own keeps it. */
export function setSecurityHeaders(c: Context): void {
  const { headers } = c.res;
  for (const [name, value] of Object.entries(SECURITY_FIELDS)) {
    if (!OWN.has(name) || !headers.has(name)) c.header(name, value);
  }
  if (!headers.has('content-security-policy')) c.header('content-security-policy', DEFAULT_CSP);
}
