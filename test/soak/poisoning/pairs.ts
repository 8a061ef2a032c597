import { Agent, request } from 'node:http';
import fc from 'fast-check';
import { reflected } from './mirror.js';

/** A request whose target names a thing of its own: `#` stands for a number that nobody has asked for. */
export interface Asking {
  readonly method: string;
  readonly target: string;
  /** Flat, as they travel. */
  readonly fields: readonly string[];
  readonly body: string;
}

export interface Answered {
  readonly status: number;
  readonly fields: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

const agent = new Agent({ keepAlive: true, maxSockets: 4 });

/** Sends it as it is: no library normalises the target or a field. */
export function send(base: string, asking: Asking, number: number): Promise<Answered> {
  const { hostname, port, host } = new URL(base);
  const { method, fields, body } = asking;
  const path = asking.target.replaceAll('#', String(number));
  const headers = fields.some((name, i) => i % 2 === 0 && /^host$/i.test(name)) ? [] : ['Host', host];
  headers.push(...fields, ...(body === '' ? [] : ['Content-Length', String(body.length)]));
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, method, path, headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode!, fields: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/**
 * The answer as the origin's view of the request, with the number taken out, and what the proxy makes up for each request: equal for
 * two that were asked the same. `untold`: fields, lower-case, that the origin has kept silent about against its duty.
 */
export function shapeOf({ status, body }: Answered, number: number, untold: readonly string[]): string {
  const view = reflected(body);
  if (view === undefined) {
    const isOurs = status !== 206;
    return `${status} ${isOurs ? 'ours' : untold.length > 0 ? 'a part' : body.toString('latin1')}`;
  }
  const fields = Object.entries(view.fields)
    .filter(([name]) => !untold.includes(name))
    .map(([name, value]) => [name, asked(name, value)])
    .filter(([, value]) => value !== undefined);
  return `${status} ${JSON.stringify({ ...view, fields })}`.replaceAll(String(number), '#');
}

/**
 * A field without what the proxy draws for each request. A trace goes on to the origin (W3C Trace Context): an id of 16 bytes, looked at,
 * which says nothing and chooses nothing.
 */
function asked(name: string, value: string): string | undefined {
  if (name === 'x-request-id') return /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(value) ? 'made' : value;
  if (name !== 'traceparent') return value;
  return /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/.test(value) ? undefined : value;
}

/** The fields of which, by the letter, only a Vary could tell; without them a request asks for what is everybody's. */
export function neutral(asking: Asking): Asking {
  const fields = asking.fields.filter(
    (_, i) => !/^(?:authorization|cookie|origin|x-.*|.*[^a-z0-9-].*)$/i.test(asking.fields[i - (i % 2)]!),
  );
  return { ...asking, fields };
}

/** Of the generated requests. */
const TRACE = 'c11e27'.repeat(6).slice(0, 32);

const NAMES = {
  // Kept back, or never sent along.
  way: 'Forwarded X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X-Forwarded-Scheme X-Forwarded-Prefix X-Forwarded-Port X-Host X-Real-IP True-Client-IP Client-IP Referer From Proxy',
  request:
    'X-HTTP-Method-Override X-HTTP-Method X-Method-Override X-Original-URL X-Rewrite-URL X-Original-Host X-Request-Id X-Correlation-Id',
  // Nobody tells of them.
  asker:
    'Cookie Origin X-Requested-With X-Api-Version X-User X-Country X-Amz-Security-Token X-Wap-Profile X-Api-Key X-Foo',
  // The origin tells.
  told: 'Accept Accept-Language Accept-Encoding User-Agent Sec-Fetch-Site Foo',
};
/** Fields that mean something only with such values. */
const SPECIAL = [
  ['Authorization', 'Bearer somebody'],
  ['Authorization', 'Basic eDp5'],
  ['Range', 'bytes=0-3'],
  ['Range', 'bytes=0-'],
  ['Range', 'bytes=-2'],
  ['Range', 'lines=1-evil'],
  ['Via', '1.1 evil.example'],
  ['Via', '1.0 a, 1.1 b (evil)'],
  ['CDN-Loop', 'evil.example; x=1'],
  ['CDN-Loop', 'tmdb-proxy-evil'],
  ['Max-Forwards', '3'],
  ['traceparent', `00-${TRACE}-00f067aa0ba902b7-01`],
  ['traceparent', `00-${TRACE}-00f067aa0ba902b8-00`],
  ['traceparent', 'evil'],
  ['tracestate', 'evil=1'],
  ['X_Forwarded_Host', 'evil.example'],
  ['X.Forwarded.Host', 'evil.example'],
  ['x_request_id', 'evil'],
  ['Accept_Language', 'evil'],
  ['Co_okie', 'a=1'],
  ['api_key', 'theirs'],
  ['Foo_', 'evil'],
]; // prettier-ignore
const VALUES = [
  'evil.example',
  'http',
  'DELETE',
  '/admin',
  'a=1',
  '127.0.0.1',
  'de',
  'gzip',
  '*/*',
  'nothing',
  'image/webp',
  '\'"><script>',
];
const PATHS = [
  '/3/movie/#',
  '/3/movie/#/',
  '/3//movie/#',
  '/3/movie/#.json',
  '/3/movie/#;x=1',
  '/3/movie/#%20',
  '/3/./movie/#',
  '/3/tv/../movie/#',
  '/3/movie/%23#',
  '/3/movie/#/credits',
  '/3/movie/#/x.jpg',
  '/3/account/#/x.jpg',
  '/3/account;x/#',
  '/3/Account/#',
  '/3/movie/#/account_states',
  '/3/search/movie/#',
  '/t/p/w500/#.jpg',
  '/3/movie/#%2fcredits',
  '/3/movie/#%5ccredits',
  '/3/movie/#%00',
  '/3/movie/#/%2e%2e/#',
  '/3/movie/#%0d%0aX-Evil:1',
  '/3/movie/#~%7e',
]; // prettier-ignore
const PAIRS = [
  'language=de',
  'language=en',
  'language=%64e',
  'Language=de',
  'language[]=de',
  'language=',
  'a=1;language=de',
  'a=1%3Blanguage=de',
  'a=1%26language=de',
  'a=1?language=de',
  'utm_content=x',
  'utm_source=y',
  'callback=alert(1)',
  '_method=DELETE',
  'api_key=theirs',
  'api%5Fkey=theirs',
  'session_id=s',
  'a=1;session_id=s',
  'page=1',
  'page=2',
  'page=01',
  'query=#',
  'query=%2B',
  'query=+',
  'query=%20',
  '=x',
  '%00=1',
  'a=%0d%0aX:1',
]; // prettier-ignore

const named = fc
  .tuple(fc.constantFrom(...Object.values(NAMES).join(' ').split(' ')), fc.constantFrom(...VALUES))
  .map(([name, value]) => [name, value]);
const trace = ['traceparent', `00-${TRACE}-00f067aa0ba902b7-01`, 'tracestate', 'evil=1'];
const field = fc.oneof(
  { weight: 3, arbitrary: named },
  { weight: 3, arbitrary: fc.constantFrom(...SPECIAL) },
  fc.constant(trace),
);
const fields = fc.array(field, { maxLength: 3 }).map((list) => list.flat());
const query = fc.array(fc.constantFrom(...PAIRS), { maxLength: 3 });

const asking = fc.record({
  method: fc.oneof({ weight: 8, arbitrary: fc.constant('GET') }, fc.constantFrom('HEAD', 'POST', 'OPTIONS')),
  path: fc.oneof({ weight: 3, arbitrary: fc.constant('/3/movie/#') }, fc.constantFrom(...PATHS)),
  query,
  fields,
  body: fc.oneof({ weight: 6, arbitrary: fc.constant('') }, fc.constantFrom('language=fr', '{"a":1}')),
});
type Parts = typeof asking extends fc.Arbitrary<infer T> ? T : never;

function composed({ path, query: pairs, method, fields: own, body }: Parts): Asking {
  return { method, target: pairs.length === 0 ? path : `${path}?${pairs.join('&')}`, fields: own, body };
}

/** Two requests that differ in one part, now and then in all; and whether the origin tells of what it acts on. */
export const pair = fc
  .tuple(
    asking,
    asking,
    fc.constantFrom('fields', 'fields', 'fields', 'query', 'path', 'body', 'method', 'all'),
    fc.constantFrom(true, false, false),
  )
  .map(([one, other, part, telling]) => {
    const second = part === 'all' ? other : { ...one, [part]: other[part] };
    return { part, telling, first: composed(one), second: composed(second) };
  });
