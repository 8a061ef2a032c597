import { PLANTED } from './scene.js';

/** Bytes that nobody may read in two ways. */
export interface Hostile {
  readonly name: string;
  readonly bytes: string;
  /** What they are told; nothing where they break off a body that is on its way to the origin. */
  readonly statuses: readonly number[];
}

/** Bytes that look odd and have one reading. */
export interface Odd extends Hostile {
  /** What the origin is asked beside titles: method and body. A GET with a body is passed through, and not stored. */
  readonly asks?: readonly [method: string, body: string];
}

export const TITLE = '/3/movie/1';
/** Passed through with its body: what a front and a back could frame differently. */
const RATING = '/3/movie/1/rating?session_id=session-1';
export const SMUGGLED = `GET /3/movie/666?${PLANTED}=1 HTTP/1.1\r\nHost: localhost\r\n\r\n`;
const CHUNKED_SMUGGLED = `0\r\n\r\n${SMUGGLED}`;

export const head = (method: string, target: string, ...lines: string[]): string =>
  `${[`${method} ${target} HTTP/1.1`, 'Host: localhost', ...lines].join('\r\n')}\r\n\r\n`;
const length = (text: string) => `Content-Length: ${text.length}`;

const TWO_FRAMINGS: readonly [name: string, lines: readonly string[], body: string][] = [
  ['CL.TE', [length(CHUNKED_SMUGGLED), 'Transfer-Encoding: chunked'], CHUNKED_SMUGGLED],
  [
    'TE.CL',
    ['Transfer-Encoding: chunked', 'Content-Length: 4'],
    `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
  ],
  ['CL.0', ['Content-Length: 0', 'Transfer-Encoding: chunked'], CHUNKED_SMUGGLED],
  ['TE.TE, identity last', ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], CHUNKED_SMUGGLED],
  ['TE.TE, an unknown one', ['Transfer-Encoding: xchunked'], CHUNKED_SMUGGLED],
  ['TE.TE, chunked not last', ['Transfer-Encoding: chunked, gzip'], CHUNKED_SMUGGLED],
  ['TE with a vertical tab', ['Transfer-Encoding: \x0bchunked'], CHUNKED_SMUGGLED],
  ['TE in quotes', ['Transfer-Encoding: "chunked"'], CHUNKED_SMUGGLED],
  [
    'TE with a space before its colon',
    ['Transfer-Encoding : chunked', 'Content-Length: 4'],
    CHUNKED_SMUGGLED,
  ],
  ['TE with a tab before its colon', ['Transfer-Encoding\t: chunked', 'Content-Length: 4'], CHUNKED_SMUGGLED],
  ['TE behind a NUL', ['X-A: b\0Transfer-Encoding: chunked', 'Content-Length: 4'], CHUNKED_SMUGGLED],
  ['TE behind a bare LF', [`X-A: b\nTransfer-Encoding: chunked`, length(CHUNKED_SMUGGLED)], CHUNKED_SMUGGLED],
  ['TE behind a bare CR', [`X-A: b\rTransfer-Encoding: chunked`, length(CHUNKED_SMUGGLED)], CHUNKED_SMUGGLED],
  ['two lengths', ['Content-Length: 0', length(SMUGGLED)], SMUGGLED],
  ['the same length twice', [length(SMUGGLED), length(SMUGGLED)], SMUGGLED],
  ['a list of lengths', [`Content-Length: ${SMUGGLED.length}, ${SMUGGLED.length}`], SMUGGLED],
  ['a negative length', ['Content-Length: -1'], SMUGGLED],
  ['a length with a sign', ['Content-Length: +5'], SMUGGLED],
  ['a length in hex', ['Content-Length: 0x5'], SMUGGLED],
  ['a length with a space in it', ['Content-Length: 1 0'], SMUGGLED],
  ['a length with a point', ['Content-Length: 5.0'], SMUGGLED],
  ['a length of 30 digits', [`Content-Length: ${'9'.repeat(30)}`], SMUGGLED],
  ['no length after its colon', ['Content-Length:'], SMUGGLED],
  ['a folded length', ['Content-Length:\r\n 5'], SMUGGLED],
  ["a space before the length's colon", ['Content-Length : 5'], SMUGGLED],
  ['a space before the first name', [' Content-Length: 5'], SMUGGLED],
];

const CHUNKS: readonly [name: string, body: string][] = [
  ['a size that is none', `zz\r\n${SMUGGLED}`],
  ['a negative size', `-1\r\n${SMUGGLED}`],
  ['a size with 0x', `0x5\r\nhello\r\n${CHUNKED_SMUGGLED}`],
  ['a size of 17 digits', `${'f'.repeat(17)}\r\n${SMUGGLED}`],
  ['a size that overflows to 0', `1${'0'.repeat(16)}\r\n${CHUNKED_SMUGGLED}`],
  ['a size with a space behind it', `5 \r\nhello\r\n${CHUNKED_SMUGGLED}`],
  ['a size ended by a bare LF', `5\nhello\n${CHUNKED_SMUGGLED}`],
  ['a size ended by a bare CR', `5\rhello\r${CHUNKED_SMUGGLED}`],
  ['a chunk longer than it says', `3\r\nhello\r\n${CHUNKED_SMUGGLED}`],
  ['a chunk ended by a bare LF', `5\r\nhello\n${CHUNKED_SMUGGLED}`],
  ['an extension with a bare LF', `5;a\nb\r\nhello\r\n${CHUNKED_SMUGGLED}`],
  ['an extension with a bare CR', `5;a\rb\r\nhello\r\n${CHUNKED_SMUGGLED}`],
  ['an extension of 64 KB', `5;${'a'.repeat(65_536)}\r\nhello\r\n${CHUNKED_SMUGGLED}`],
  [
    'trailers that frame',
    `5\r\nhello\r\n0\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n${SMUGGLED}`,
  ],
  ['a last chunk ended by a bare LF', `0\n\n${SMUGGLED}`],
];

const HEADS: readonly [name: string, bytes: string][] = [
  ['a folded line', head('GET', TITLE, 'X-A: b\r\n c')],
  ['a line that begins with a tab', head('GET', TITLE, 'X-A: b', '\tX-B: c')],
  ['lines ended by bare LFs', `GET ${TITLE} HTTP/1.1\nHost: localhost\n\n`],
  ['one line ended by a bare LF', `GET ${TITLE} HTTP/1.1\r\nHost: localhost\nX-A: b\r\n\r\n`],
  ['lines ended by bare CRs', `GET ${TITLE} HTTP/1.1\rHost: localhost\r\r`],
  ['a bare CR in a value', head('GET', TITLE, 'X-A: b\rc')],
  ['a NUL in a value', head('GET', TITLE, 'X-A: b\0c')],
  ['a NUL in a name', head('GET', TITLE, 'X-\0A: b')],
  ['a NUL in the target', head('GET', `${TITLE}\0`)],
  ['a space before a colon', head('GET', TITLE, 'X-A : b')],
  ['a space in a name', head('GET', TITLE, 'X A: b')],
  ['a name that is empty', head('GET', TITLE, ': b')],
  ['a line without colon', head('GET', TITLE, 'X-A')],
  ['a space in the target', head('GET', `${TITLE} x`)],
  ['a tab behind the method', `GET\t${TITLE} HTTP/1.1\r\nHost: localhost\r\n\r\n`],
  ['version 1.2', `GET ${TITLE} HTTP/1.2\r\nHost: localhost\r\n\r\n`],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a method in lower case', `get ${TITLE} HTTP/1.1\r\nHost: localhost\r\n\r\n`],
  ['an unknown method', head('BREW', TITLE)],
  ['a handshake of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['Cyrillic in the target', head('GET', '/3/movie/\xd0\xb0')],
  ['no Host', `GET ${TITLE} HTTP/1.1\r\n\r\n`],
];

/** Each ends the connection: what stands behind it is not looked at. */
export const SMUGGLING: readonly Hostile[] = [
  ...TWO_FRAMINGS.flatMap(([name, lines, body]) =>
    (
      [
        ['POST', RATING],
        ['GET', TITLE],
      ] as const
    ).map(([method, target]) => ({
      name: `${name}, ${method}`,
      bytes: head(method, target, ...lines) + body,
      // Of a coding that is not known the parser says so where the body begins, which is too late for an answer.
      statuses: /unknown|quotes/.test(name) ? [] : [400],
    })),
  ),
  ...CHUNKS.map(([name, body]) => ({
    name,
    bytes: head('POST', RATING, 'Transfer-Encoding: chunked') + body,
    statuses: [],
  })),
  ...HEADS.map(([name, bytes]) => ({ name, bytes: bytes + SMUGGLED, statuses: [400] })),
];

const chunked = (method: string, target: string, body: string) =>
  head(method, target, 'Transfer-Encoding: chunked') + body;
const big = 'x'.repeat(1_000_000);

/** What follows on the same connection is a request of its own, and the last one asks to close it. */
const LAST = head('GET', '/3/movie/2', 'Connection: close');

export const ODD: readonly Odd[] = [
  {
    name: 'a request as a body',
    bytes: head('POST', RATING, length(SMUGGLED)) + SMUGGLED,
    statuses: [200],
    asks: ['POST', SMUGGLED],
  },
  {
    name: 'a request as a chunk',
    bytes: chunked('POST', RATING, `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`),
    statuses: [200],
    asks: ['POST', SMUGGLED],
  },
  {
    name: 'chunk extensions',
    bytes: chunked('POST', RATING, '5;a=b;c="d e"\r\nhello\r\n0;z\r\n\r\n'),
    statuses: [200],
    asks: ['POST', 'hello'],
  },
  {
    name: 'a size with zeros before it',
    bytes: chunked('POST', RATING, '0000000005\r\nhello\r\n0\r\n\r\n'),
    statuses: [200],
    asks: ['POST', 'hello'],
  },
  {
    name: 'a length with zeros before it',
    bytes: `${head('POST', RATING, 'Content-Length: 0005')}hello`,
    statuses: [200],
    asks: ['POST', 'hello'],
  },
  {
    name: 'a chunk of 1 MB',
    bytes: chunked('POST', RATING, `${big.length.toString(16)}\r\n${big}\r\n0\r\n\r\n`),
    statuses: [200],
    asks: ['POST', big],
  },
  {
    name: 'CHUNKED in capitals',
    bytes: `${head('POST', RATING, 'TRANSFER-ENCODING: CHUNKED')}5\r\nhello\r\n0\r\n\r\n`,
    statuses: [200],
    asks: ['POST', 'hello'],
  },
  {
    name: 'GET with a body',
    bytes: head('GET', TITLE, length(SMUGGLED)) + SMUGGLED,
    statuses: [200],
    asks: ['GET', SMUGGLED],
  },
  {
    name: 'GET with chunks',
    bytes: chunked('GET', TITLE, `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`),
    statuses: [200],
    asks: ['GET', SMUGGLED],
  },
  {
    name: 'a length that Connection names',
    bytes: head('GET', TITLE, length(SMUGGLED), 'Connection: Content-Length') + SMUGGLED,
    statuses: [200],
    asks: ['GET', SMUGGLED],
  },
  {
    name: 'two spaces behind the method',
    bytes: `GET  ${TITLE} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    statuses: [200],
  },
  { name: 'empty lines before', bytes: `\r\n\r\n${head('GET', TITLE)}`, statuses: [200] },
].map((odd) => ({ ...odd, bytes: odd.bytes + LAST, statuses: [...odd.statuses, 200] }) as Odd);
