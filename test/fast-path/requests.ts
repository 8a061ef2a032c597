import fc from 'fast-check';
import { KIND_NAMES } from './origin.js';
import type { SiteName } from './side.js';

type Line = readonly [name: string, value: string];

const AGENTS = ['Mozilla/5.0 (X11; Linux x86_64)', 'okhttp/4.12', ''];
const LANGUAGES = ['de', 'de-DE,de;q=0.9,en;q=0.8', 'fr', 'en', 'xx', '*', ''];
const CODINGS = ['gzip', 'gzip, deflate, br', 'identity', 'gzip;q=0', 'br', '*', '', 'GZIP', 'x-gzip'];
const TAGS = KIND_NAMES.flatMap((kind) => [`"${kind}-0"`, `W/"${kind}-0"`, `"${kind}-1"`]);

const values = (...list: string[]) => fc.constantFrom(...list);
const line = (name: string, ...list: string[]): fc.Arbitrary<Line> =>
  fc.tuple(fc.constant(name), values(...list));

/** What ordinary clients send. */
const USUAL: fc.Arbitrary<Line> = fc.oneof(
  line('Accept', '*/*', 'application/json', 'image/webp,*/*;q=0.8'),
  line('Accept-Encoding', ...CODINGS),
  line('Accept-Encoding', 'gzip, deflate, br'),
  line('Accept-Language', ...LANGUAGES),
  line('User-Agent', ...AGENTS),
  line('Connection', 'keep-alive', 'Keep-Alive'),
  line('Origin', 'https://app.example', 'null'),
  line('Referer', 'https://app.example/a?b'),
  line('If-None-Match', ...TAGS),
  line('Sec-Fetch-Mode', 'cors'),
  line('DNT', '1'),
  line('Priority', 'u=1, i'),
  line('X-Forwarded-For', '203.0.113.7', '203.0.113.7, 198.51.100.2', 'garbage', ''),
  line('X-Forwarded-Proto', 'https'),
  line('X-Real-IP', '203.0.113.9'),
  line('Upgrade-Insecure-Requests', '1'),
  line('X-Request-Id', 'mine-2', 'of-the-client-with-36-characters----', 'not one', 'x'.repeat(128), ''),
  line('traceparent', `00-${'4bf92f35'.repeat(4)}-00f067aa0ba902b7-01`, `00-${'0'.repeat(32)}-1-01`, ''),
  line('tracestate', 'rojo=1,congo=t61rcWkgMzE', 'garbage'),
);

/** What must not be answered from the same bytes, or not by the fast path, or not at all. */
const ODD: fc.Arbitrary<Line> = fc.oneof(
  line('Range', 'bytes=0-9', 'bytes=5-', 'bytes=-3', 'bytes=0-1,4-5', 'bytes=999999-', 'lines=1-2'),
  line('If-Range', '"strong-0"', 'Thu, 01 Jan 2026 00:00:00 GMT'),
  line('Cache-Control', 'no-cache', 'no-store', 'max-age=0', 'max-age=5', 'min-fresh=30', 'only-if-cached'),
  line('Cache-Control', 'max-stale', 'max-stale=5', 'no-transform', 'garbage=', ''),
  line('Pragma', 'no-cache', ''),
  line('If-None-Match', '*', '"a", "strong-0"', '"a",W/"weak-0" , "b"', '', 'garbage', '"open', 'W/'),
  line('If-Modified-Since', 'Thu, 01 Jan 2026 00:00:00 GMT', 'Thu, 01 Jan 1970 00:00:00 GMT', 'garbage'),
  line('If-Match', '*', '"strong-0"'),
  line('If-Unmodified-Since', 'Thu, 01 Jan 2026 00:00:00 GMT'),
  line('Authorization', 'Bearer abc', 'Basic dTpw', '', 'Bearer a.b.c'),
  line('Cookie', 'session=1', 'a=b; c=d', ''),
  line('X-Request-Id', 'mine-1', 'b a d', ''),
  line('X-Cache-Debug', '1', ''),
  line('CDN-Loop', 'node-1', 'other'),
  line('Via', '1.1 other'),
  line('Connection', 'close', 'upgrade', 'keep-alive, X-Odd', 'keep-alive, close', '', 'X-Forwarded-Proto'),
  line('Keep-Alive', 'timeout=5'),
  line('Upgrade', 'websocket', 'h2c'),
  line('Expect', '100-continue', '200-ok'),
  line('TE', 'trailers', 'gzip'),
  line('Trailer', 'X-T'),
  line('Content-Length', '0', '5', '00', '-1', '+5', '5, 5', ''),
  line('Transfer-Encoding', 'chunked', 'gzip, chunked', 'identity', ' chunked'),
  line('Content-Type', 'application/json'),
  line('Host', 'other.example', 'a/b@c', '', '[::1]:80', 'localhost:99999'),
  line('Forwarded', 'for=203.0.113.7'),
  line('X-TMDB-Proxy', 'node-2'),
  line('Proxy-Connection', 'keep-alive'),
  line('X-Anything', 'caf\u00e9', '\u00ff', 'a\tb', '"', ''),
  line('X_Underscore', '1'),
  line("x!#$%&'*+.^`|~", '1'),
);

const SPACINGS = [': ', ': ', ': ', ': ', ': ', ':', ':  ', ':\t', ' : ', ': \t '];

/** One field line as written: its name in any case, the space around its value, now and then folded. */
function written(usual: boolean): fc.Arbitrary<string> {
  const spacing = usual ? fc.constantFrom(': ', ': ', ': ', ':') : fc.constantFrom(...SPACINGS);
  const casing = fc.constantFrom<(name: string) => string>(
    (name) => name,
    (name) => name.toLowerCase(),
    (name) => name.toUpperCase(),
  );
  const after = usual
    ? fc.constant('')
    : fc.constantFrom('', '', '', '', ' ', '\t', '\r\n folded', '\r\n\tfolded');
  return fc
    .tuple(usual ? USUAL : fc.oneof(ODD, ODD, USUAL), casing, spacing, after)
    .map(([[name, value], cased, between, tail]) => `${cased(name)}${between}${value}${tail}`);
}

/** Addresses that stand for every kind of response. A scenario asks for few, so that most are hits. */
export function addressesOf(site: SiteName): fc.Arbitrary<string[]> {
  const number = fc.nat(KIND_NAMES.length - 1);
  const address = number.chain((n) =>
    site === 'letter'
      ? fc.constantFrom(`/x/${n}`, `/x/${n}?a=1&b=2`)
      : fc.constantFrom(`/3/movie/${n}`, `/3/movie/${n}`, `/t/p/w500/${n}.jpg`),
  );
  return fc.array(address, { minLength: 1, maxLength: 5 });
}

const SPELLINGS: readonly ((target: string) => string)[] = [
  (target) => `${target}?language=de&page=2`,
  (target) => `${target}?page=2&language=de`,
  (target) => `${target}?`,
  (target) => `${target}?api_key=0123456789abcdef0123456789abcdef`,
  (target) => `${target}?api_key=other&session_id=1`,
  (target) => `${target}?a=%20&b=+&a=2`,
  (target) => `${target}#fragment`,
  (target) => `${target}/`,
  (target) => `/${target}`,
  (target) => target.replace('/', '/./'),
  (target) => target.replace(/\/([^/]*)$/, '/y/../$1'),
  (target) => target.replace(/\/(\w)/, (_, c: string) => `/%${c.charCodeAt(0).toString(16)}`),
  (target) => target.replace(/\/([^/]*)$/, '/%2e%2e/$1'),
  (target) => `${target}%zz`,
  (target) => `${target}%00`,
  (target) => `${target}%2f`,
  (target) => `${target}\\`,
  (target) => `${target}?caf\u00e9`,
  (target) => `${target}\u00e9`,
  (target) => `http://tmdb.example${target}`,
  (target) => `http://elsewhere.example${target}`,
  (target) => `http://${target}`,
  () => '*',
  () => '/config',
  () => '/health',
  () => '//health',
  () => '/3/../health',
  () => '/favicon.ico',
  () => '/3/account/1',
  () => '',
  () => 'elsewhere:443',
];

/** Without CONNECT, which node:http answers apart: see splits.test.ts. */
const METHODS = ['HEAD', 'OPTIONS', 'POST', 'PUT', 'DELETE', 'PURGE', 'TRACE', 'PATCH', 'get', 'BREW'];
const HOSTS = ['Host: localhost', 'host: 127.0.0.1:8080', 'Host:[::1]', 'HOST: proxy.home'];

function head(method: string, target: string, version: string, lines: readonly string[]): string {
  return `${[`${method} ${target} ${version}`, ...lines].join('\r\n')}\r\n\r\n`;
}

function unique(lines: readonly string[]): string[] {
  const names = new Set<string>();
  return lines.filter((text) => {
    const name = text.split(':', 1)[0]!.trim().toLowerCase();
    return !names.has(name) && names.add(name);
  });
}

/** As a browser, an app or a load balancer sends it. */
function usual(addresses: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...addresses), values(...HOSTS), fc.array(written(true), { maxLength: 4 }))
    .map(([target, host, lines]) => head('GET', target, 'HTTP/1.1', unique([host, ...lines])));
}

/** The same with one or two things that are not usual. */
function unusual(addresses: readonly string[]): fc.Arbitrary<string> {
  const often = <T>(value: T, other: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 3, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: other });
  return fc
    .tuple(
      often('GET', values(...METHODS)),
      fc.constantFrom(...addresses),
      often((target: string) => target, fc.constantFrom(...SPELLINGS)),
      often('HTTP/1.1', values('HTTP/1.0', 'HTTP/1.1 ', 'HTTP/2.0', 'http/1.1', 'HTTP/1.2', '')),
      often(['Host: localhost'], fc.constantFrom<string[]>([], ['Host: a', 'Host: a'], ['Host:  a '])),
      fc.array(fc.oneof(written(true), written(false)), { maxLength: 4 }),
      fc.boolean(),
      often('', values('hello', '5\r\nhello\r\n0\r\n\r\n', '\r\n', 'GET ')),
    )
    .map(([method, target, spelling, version, hosts, lines, hostFirst, body]) => {
      const all = hostFirst ? [...hosts, ...lines] : [...lines, ...hosts];
      return head(method, spelling(target), version, all) + body;
    });
}

interface Mutation {
  /** Where, as a share of the length. */
  readonly at: number;
  readonly kind: 'insert' | 'delete' | 'replace' | 'lf' | 'cr' | 'double';
  readonly byte: number;
}

const BYTES = [0, 9, 10, 13, 32, 35, 44, 47, 58, 63, 65, 127, 128, 233, 255];
const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom('insert', 'delete', 'replace', 'lf', 'cr', 'double'),
  byte: fc.constantFrom(...BYTES),
});

function mutated(text: string, { at, kind, byte }: Mutation): string {
  const index = Math.min(text.length - 1, Math.floor(at * text.length));
  const [before, after] = [text.slice(0, index), text.slice(index + 1)];
  const char = String.fromCharCode(byte);
  if (kind === 'insert') return before + char + text.slice(index);
  if (kind === 'delete') return before + after;
  if (kind === 'replace') return before + char + after;
  if (kind === 'double') return before + text[index] + text[index] + after;
  const line = text.indexOf('\r\n', index);
  return line < 0 ? text : text.slice(0, line) + (kind === 'lf' ? '\n' : '\r') + text.slice(line + 2);
}

/** Requests as their bytes in latin1: as clients send them, and anything else. */
export function requestsOf(addresses: readonly string[]): {
  readonly plain: fc.Arbitrary<string>;
  readonly other: fc.Arbitrary<string>;
} {
  const plain = usual(addresses);
  const odd = unusual(addresses);
  const broken = fc
    .tuple(fc.oneof(plain, odd), fc.array(mutation, { minLength: 1, maxLength: 2 }))
    .map(([text, mutations]) => mutations.reduce(mutated, text));
  return { plain, other: fc.oneof({ weight: 2, arbitrary: odd }, { weight: 1, arbitrary: broken }) };
}
