import { type RawHeaders, withoutFields } from './headers.js';

/**
 * What a client may say of the way its request has come, of who it is, or of the request it means: servers act on it and do not tell
 * in Vary, so that one client's word would shape everybody's answer (cache poisoning). Lower-case.
 */
export const UNTOLD: ReadonlySet<string> = new Set([
  'base-url',
  'cf-connecting-ip',
  'client-ip',
  'fastly-client-ip',
  'forwarded',
  'from',
  'front-end-https',
  'proxy', // a CGI program takes it for the address of its proxy
  'referer',
  'request-uri',
  'true-client-ip',
  'x-client-ip',
  'x-cluster-client-ip',
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
  'x-original-uri',
  'x-original-url',
  'x-real-ip',
  'x-rewrite-url',
]);

/** What load balancers give each request of its own: it chooses no answer, and counted among the fields below nothing would be stored. */
export const REQUEST_IDS: ReadonlySet<string> = new Set([
  'x-amzn-trace-id',
  'x-cloud-trace-context',
  'x-correlation-id',
  'x-request-id',
  'x-request-start',
]);

/** Whether a request has a field that is kept back: what it is answered may be for its sender only. */
export function hasUntold(headers: RawHeaders): boolean {
  return headers.some((name, i) => i % 2 === 0 && UNTOLD.has(name.toLowerCase()));
}

/**
 * Whether a request has a field that shapes answers although a Vary seldom tells of it: who asks (Cookie), from which page's site
 * (Origin), whatever programs make up (X-…), and what they may read under another name (X_Forwarded_Host). `vary`: the answer's, lower-case; what it names is told.
 */
export function shapesUntold(headers: RawHeaders, vary: readonly string[]): boolean {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase();
    if (isShaping(name) && !vary.includes(name)) return true;
  }
  return false;
}

/** The fields without those of which neither a standard nor `vary` tells: what may be asked on everybody's behalf. */
export function withoutShaping(headers: RawHeaders, vary: readonly string[]): RawHeaders {
  const names = headers.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
  return withoutFields(headers, new Set(names.filter((name) => isShaping(name) && !vary.includes(name))));
}

/**
 * Programs that are given fields as variables (CGI, WSGI, Rack, FastCGI) have one for `X-Forwarded-Host` and `X_Forwarded_Host`, some
 * for `X.Forwarded.Host` as well: such a name may stand for any other, `Accept-Language` or `Host` too. Not left out as nginx does it:
 * there are origins whose clients have an `api_key`, and what they are answered is theirs alone.
 */
const AMBIGUOUS = /[^a-z0-9-]/;

function isShaping(lowerCase: string): boolean {
  if (AMBIGUOUS.test(lowerCase)) return true;
  if (lowerCase.startsWith('x-')) return !REQUEST_IDS.has(lowerCase);
  return lowerCase === 'cookie' || lowerCase === 'origin';
}
