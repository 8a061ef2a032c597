import { randomBytes } from 'node:crypto';

/** A value that only one answer has. */
export function newNonce(): string {
  return randomBytes(16).toString('base64url');
}

/**
 * The policy of a page: its own script and style by nonce, so that nothing that an origin has put under our host name runs in it, and
 * no text becomes markup (Trusted Types). Nothing from elsewhere.
 */
export function pagePolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

/** Of stored bytes: opened on their own they are a picture and nothing else. */
export const CONTENT_POLICY = "default-src 'none'; sandbox";
