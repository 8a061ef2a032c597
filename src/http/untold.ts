import { hasField, type RawHeaders } from './headers.js';

/**
 * What a client may say of the way its request has come, or of the request it means: servers act on it and do not tell in
 * Vary, so that one client's word would shape everybody's answer (cache poisoning). Lower-case.
 */
export const UNTOLD: ReadonlySet<string> = new Set([
  'forwarded',
  'x-forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-proto',
  'x-forwarded-scheme',
  'x-forwarded-server',
  'x-forwarded-ssl',
  'x-host',
  'x-http-host-override',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-host',
  'x-original-url',
  'x-rewrite-url',
]);

/** Whether a request has any of them: what it is answered may be for its sender only. */
export function hasUntold(headers: RawHeaders): boolean {
  return [...UNTOLD].some((name) => hasField(headers, name));
}
