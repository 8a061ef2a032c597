import type { Asking } from './pairs.js';

/** One published technique: what the attacker sends; the victim asks plainly. `in`: where it means anything, default both. */
export interface Technique extends Partial<Asking> {
  readonly name: string;
  readonly in?: readonly ('table' | 'letter')[];
}

const named = (name: string, fields: readonly string[], more: Partial<Technique> = {}): Technique => ({
  name,
  fields,
  ...more,
});
const at = (name: string, target: string, more: Partial<Technique> = {}): Technique => ({
  name,
  target,
  ...more,
});

/** Practical web cache poisoning; Web cache entanglement; Gotta cache 'em all; CPDoS; in this order. docs/security.md has the table. */
export const TECHNIQUES: readonly Technique[] = [
  named('a host in a field: X-Forwarded-Host', ['X-Forwarded-Host', 'evil.example']),
  named('a host in a field: Forwarded', ['Forwarded', 'host=evil.example;proto=http']),
  named('a host in a field: X-Forwarded-Server', ['X-Forwarded-Server', 'evil.example']),
  named('a redirect loop: X-Forwarded-Proto and X-Forwarded-Scheme', [
    'X-Forwarded-Proto',
    'http',
    'X-Forwarded-Scheme',
    'nothttps',
  ]),
  named('another route: X-Original-URL and X-Rewrite-URL', [
    'X-Original-URL',
    '/admin',
    'X-Rewrite-URL',
    '/admin',
  ]),
  named('another route: X-Original-URI', ['X-Original-URI', '/admin']),
  named('an unkeyed port: X-Forwarded-Port and Host', [
    'Host',
    'proxy.example:1337',
    'X-Forwarded-Port',
    '1337',
  ]),
  named('several fields together', [
    'X-Forwarded-Host',
    'evil.example',
    'X-Forwarded-Scheme',
    'http',
    'X-Host',
    'evil.example',
  ]),
  named('a cookie that is reflected', ['Cookie', 'fehost="-alert(1)-"']),
  named('an Origin that is reflected', ['Origin', 'https://evil.example']),
  named('a made-up field that is reflected', ['X-Oops', 'evil']),
  named('a field under a name of another spelling', [
    'x_forwarded_host',
    'evil.example',
    'X-FORWARDED-HOST',
    'evil.example',
    'Accept_Language',
    'evil',
  ]),
  named('a way here that is reflected (Via, CDN-Loop)', [
    'Via',
    '1.1 evil.example',
    'CDN-Loop',
    'evil.example',
  ]),
  named('a trace that is reflected', [
    'traceparent',
    '00-c11e27c11e27c11e27c11e27c11e27c1-00f067aa0ba902b7-01',
    'tracestate',
    'evil=1',
  ]),
  named('a field taken away by Connection', ['Connection', 'close, Cookie, Authorization', 'Cookie', 'a=1']),
  named('User-Agent of a browser that is refused', ['User-Agent', 'evil-scanner']),
  at('a parameter that caches leave out (utm_…)', '/3/movie/#?utm_content=evil'),
  at('a parameter cloaked by ;', '/3/movie/#?a=1;language=de'),
  at('a parameter cloaked by an encoded ;', '/3/movie/#?a=1%3Blanguage=de'),
  at('a parameter cloaked by a second ?', '/3/movie/#?a=1?language=de'),
  at('a parameter sent twice', '/3/movie/#?language=de&language=en'),
  at('a parameter in another case, as a list, or empty', '/3/movie/#?Language=de&language[]=en&region='),
  at('an encoded name of a parameter', '/3/movie/#?%6canguage=de'),
  at('keys injected by a delimiter of keys', '/3/movie/#?language=de%20accept=webp%0alanguage'),
  at('a fragment that reaches the origin', '/3/movie/#%23/../../admin'),
  {
    name: 'a GET with a body (fat GET)',
    fields: ['Content-Type', 'application/x-www-form-urlencoded'],
    body: 'language=evil',
  },
  named('method override (HMO)', [
    'X-HTTP-Method-Override',
    'DELETE',
    'X-HTTP-Method',
    'DELETE',
    'X-Method-Override',
    'DELETE',
  ]),
  at('method override in the query', '/3/movie/#?_method=DELETE'),
  named('fields of more than an origin takes (HHO)', ['X-Oversized', 'a'.repeat(9000)]),
  named('many fields (HHO)', Array.from({ length: 60 }, (_, i) => [`X-Many-${i}`, 'a'.repeat(100)]).flat()),
  at('a normalised path: dot segments', '/3/tv/../movie/#'),
  at('a normalised path: encoded dot segments', '/3/tv/%2e%2e/movie/#'),
  at('a normalised path: doubled slashes', '/3//movie//#'),
  at('a normalised path: encoded slash', '/3/movie%2f#'),
  at('a normalised path: backslash', '/3/movie\\#'),
  at('a delimiter of the origin: ;', '/3/movie/#;evil'),
  at('a delimiter of the origin: encoded line feed', '/3/movie/#%0aevil'),
  at('a delimiter of the origin: encoded NUL', '/3/movie/#%00evil'),
  at('a delimiter of the origin: encoded ?', '/3/movie/#%3Fevil'),
];
