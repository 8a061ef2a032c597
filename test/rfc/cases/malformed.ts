import type { Case } from '../exchange.js';

const raw = (...lines: string[]) => lines.join('\r\n');
const AFTER = { answer: { fields: { 'Cache-Control': 'max-age=60' }, body: 'good' }, text: 'good' };

/** What no two readers agree on is an error, and nobody is served it again. */
const REFUSED: readonly [what: string, raw: string][] = [
  [
    'two lengths',
    raw('HTTP/1.1 200 OK', 'Cache-Control: max-age=60', 'Content-Length: 4', 'Content-Length: 2', '', 'evil'),
  ],
  [
    'a length and a transfer coding',
    raw(
      'HTTP/1.1 200 OK',
      'Cache-Control: max-age=60',
      'Content-Length: 4',
      'Transfer-Encoding: chunked',
      '',
      '4',
      'evil',
      '0',
      '',
      '',
    ),
  ],
  [
    'a negative length',
    raw('HTTP/1.1 200 OK', 'Cache-Control: max-age=60', 'Content-Length: -4', '', 'evil'),
  ],
  [
    'a bad chunk',
    raw(
      'HTTP/1.1 200 OK',
      'Cache-Control: max-age=60',
      'Transfer-Encoding: chunked',
      '',
      'zz',
      'evil',
      '0',
      '',
      '',
    ),
  ],
  [
    'a space before the colon',
    raw('HTTP/1.1 200 OK', 'Cache-Control : max-age=60', 'Content-Length: 4', '', 'evil'),
  ],
  [
    'a NUL in a value',
    raw('HTTP/1.1 200 OK', 'Cache-Control: max-age=60', 'X-Nul: a\0b', 'Content-Length: 4', '', 'evil'),
  ],
  [
    'a coding nobody can undo',
    raw('HTTP/1.1 200 OK', 'Cache-Control: max-age=60', 'Transfer-Encoding: gzip', '', 'evil'),
  ],
  [
    'a status of four digits',
    raw('HTTP/1.1 2000 OK', 'Cache-Control: max-age=60', 'Content-Length: 4', '', 'evil'),
  ],
  ['HTTP/0.9', 'evil'],
];

export const MALFORMED: readonly Case[] = [
  ...REFUSED.map(
    ([what, bytes]): Case => ({
      name: `RFC 9112: an answer with ${what} is an error and not kept`,
      steps: [{ answer: { raw: bytes }, status: [200, 502], text: /^(?!evil$)/ }, AFTER],
    }),
  ),
  {
    name: 'RFC 9112 6.3: HTTP/1.0 ends with the connection, and is kept',
    steps: [
      { answer: { raw: raw('HTTP/1.0 200 OK', 'Cache-Control: max-age=60', '', 'old') }, text: 'old' },
      { text: 'old' },
    ],
  },
  {
    name: 'RFC 9112 5.2: a folded line is one value',
    steps: [
      {
        answer: {
          raw: raw(
            'HTTP/1.1 200 OK',
            'Cache-Control: max-age=60,',
            ' no-store',
            'Content-Length: 6',
            'Connection: close',
            '',
            'folded',
          ),
        },
        status: [200, 502],
        text: /^folded$|^[{<]/,
      },
      AFTER,
    ],
  },
  {
    name: 'RFC 9112 6.3: a body shorter than its length is never kept',
    steps: [
      {
        answer: {
          raw: raw('HTTP/1.1 200 OK', 'Cache-Control: max-age=60', 'Content-Length: 10', '', 'short'),
        },
        broken: true,
      },
      AFTER,
    ],
  },
  {
    name: 'RFC 9112 7.1: a chunked body without its end is never kept',
    steps: [
      {
        answer: {
          raw: raw(
            'HTTP/1.1 200 OK',
            'Cache-Control: max-age=60',
            'Transfer-Encoding: chunked',
            '',
            '5',
            'short',
            '',
          ),
        },
        broken: true,
      },
      AFTER,
    ],
  },
  {
    name: 'RFC 9112 6.3: bytes beyond the length belong to nobody',
    steps: [
      {
        answer: {
          raw: raw(
            'HTTP/1.1 200 OK',
            'Cache-Control: max-age=60',
            'Content-Length: 4',
            '',
            'goodHTTP/1.1 200 OK',
            'Content-Length: 4',
            '',
            'evil',
          ),
        },
        status: [200, 502],
        text: /^(?!.*evil)/,
      },
      { answer: () => ({ body: 'good' }), send: { 'Cache-Control': 'no-cache' }, text: 'good' },
    ],
  },
  {
    name: 'RFC 9110 15.3.5: a 204 with a length has no body',
    steps: [
      {
        answer: {
          raw: raw('HTTP/1.1 204 No Content', 'Cache-Control: max-age=60', 'Content-Length: 0', '', ''),
        },
        status: 204,
      },
      { status: 204 },
    ],
  },
  {
    name: 'RFC 9110 15.4.5: a 304 with the length of the 200 validates it',
    steps: [
      { answer: { fields: { 'Cache-Control': 'max-age=60', Age: '100', ETag: '"a"' } } },
      {
        answer: {
          raw: raw(
            'HTTP/1.1 304 Not Modified',
            'Cache-Control: max-age=60',
            'ETag: "a"',
            'Content-Length: 6',
            '',
            '',
          ),
        },
        status: 200,
        text: 'body 1',
      },
      { text: 'body 1' },
    ],
  },
];
