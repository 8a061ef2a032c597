import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  decides,
  isPlainTarget,
  LONGEST_REQUEST,
  readFields,
  split,
} from '../../../src/server/plain-request.js';

const server = createServer();
let port = 0;
let client: Socket | undefined;
let read: Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders' | 'httpVersion'>[] = [];
let faults = 0;

beforeAll(async () => {
  server.on('request', (incoming, response) => {
    read.push(incoming);
    response.end();
  });
  server.on('clientError', (_error, socket) => {
    faults += 1;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterEach(() => {
  client?.destroy();
  client = undefined;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

const NEXT = 'GET /next HTTP/1.1\r\nHost: next\r\n\r\n';

/** What node:http makes of a chunk and of a request that follows on the same connection. */
async function asNodeReads(chunk: string) {
  if (client === undefined || client.destroyed) {
    client = connect({ port, host: '127.0.0.1', noDelay: true });
    client.on('error', () => {});
    client.resume();
    await once(client, 'connect');
  }
  const socket = client;
  read = [];
  faults = 0;
  socket.write(chunk, 'latin1');
  socket.write(NEXT);
  while (read.at(-1)?.url !== '/next' && faults === 0 && !socket.destroyed) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { read, faults };
}

function accepted(chunk: string) {
  const parts = split(Buffer.from(chunk, 'latin1'));
  const reading = parts && readFields(parts.fields);
  return parts && reading && isPlainTarget(parts.target) ? { ...parts, reading } : undefined;
}

const NAMES = [
  ...['Host', 'accept', 'Accept-Encoding', 'COOKIE', 'authorization', 'Origin', 'If-None-Match', 'X-Odd'],
  ...[
    'Connection',
    'Content-Length',
    'Transfer-Encoding',
    'Upgrade',
    'Expect',
    'TE',
    'Keep-Alive',
    'x_y',
    'Range',
  ],
];
const VALUES = [
  'a',
  'localhost:8080',
  'keep-alive',
  'close',
  'a, b;q=0.1',
  '"x"',
  '0',
  '',
  'chunked',
  'a:b c',
  '\u00e9',
];
const chance = <T>(usual: T, ...others: T[]) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );

const LINE = fc
  .tuple(
    fc.constantFrom(...NAMES),
    chance(': ', ':', ' : ', ':\t', ':  ', ''),
    fc.constantFrom(...VALUES),
    chance('', ' ', '\t', '\r\n b'),
    chance('\r\n', '\n', '\r', '\r\r\n'),
  )
  .map((parts) => parts.join(''));

const CHUNK = fc
  .tuple(
    chance('GET', 'HEAD', 'POST', 'get', ' GET', '\r\nGET', 'GETS'),
    chance(' ', '  ', '\t'),
    fc.constantFrom(
      '/',
      '/a',
      '/a?b=c%20',
      '/a#b',
      '*',
      'http://a/',
      '/\u00e9',
      '/a b',
      '//',
      '/"<>',
      '/a HTTP/1.1',
    ),
    chance(' HTTP/1.1', ' HTTP/1.0', ' HTTP/1.1 ', '  HTTP/1.1', ' HTTP/2.0'),
    chance('\r\n', '\n', '\r'),
    chance('Host: a\r\n', '', 'Host: a\r\nhost: b\r\n', 'Host: \r\n', 'Host: a/b\r\n'),
    fc.array(LINE, { maxLength: 4 }).map((lines) => lines.join('')),
    chance('\r\n', '\n', '', '\r\nGET', '\r\n\r\n', `\r\n${NEXT}`),
  )
  .map((parts) => parts.join(''));

describe('the narrow grammar', () => {
  it('takes only what node:http reads as one request, the same in method, target and fields', async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(CHUNK, async (chunk) => {
        const mine = accepted(chunk);
        if (mine === undefined) return;
        taken += 1;
        const { read: theirs, faults: refused } = await asNodeReads(chunk);
        expect([theirs.length, refused]).toEqual([2, 0]);
        const { method, url, rawHeaders, httpVersion } = theirs[0]!;
        const lines = mine.fields.slice(0, -4).split('\r\n');
        const mineRead = lines.flatMap((line) => {
          const colon = line.indexOf(':');
          return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
        });
        expect([method, url, rawHeaders, httpVersion]).toEqual([mine.method, mine.target, mineRead, '1.1']);
        expect(url).toMatch(/^[!-~]+$/);
        const deciding = mine.reading.deciding.filter((_, i) => i % 2 === 1);
        expect(mineRead).toEqual(expect.arrayContaining(deciding));
      }),
      { numRuns: 4000 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  const plain = 'GET /a HTTP/1.1\r\nHost: a\r\n';
  it.each([
    ['a body announced', `${plain}Content-Length: 0\r\n\r\n`],
    ['a body in chunks', `${plain}Transfer-Encoding: chunked\r\n\r\n`],
    ['a connection that is to close', `${plain}Connection: close\r\n\r\n`],
    ['options of a connection', `${plain}Connection: keep-alive, X\r\n\r\n`],
    ['an upgrade', `${plain}Upgrade: h2c\r\n\r\n`],
    ['an expectation', `${plain}Expect: 100-continue\r\n\r\n`],
    ['two hosts', `${plain}Host: a\r\n\r\n`],
    ['no host', 'GET /a HTTP/1.1\r\nAccept: a\r\n\r\n'],
    ['no fields', 'GET /a HTTP/1.1\r\n\r\n'],
    ['a host that is none', 'GET /a HTTP/1.1\r\nHost: a/b\r\n\r\n'],
    ['a folded line', `${plain}X-A: b\r\n c\r\n\r\n`],
    ['a bare LF', `${plain}X-A: b\n\r\n`],
    ['a bare CR', `${plain}X-A: b\rc\r\n\r\n`],
    ['a NUL', `${plain}X-A: \0\r\n\r\n`],
    ['a space before the colon', `${plain}X-A : b\r\n\r\n`],
    ['two requests', `${plain}\r\n${plain}\r\n`],
    ['a request and a half', `${plain}\r\n${plain}`],
    ['an absolute target', 'GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['HTTP/1.0', 'GET /a HTTP/1.0\r\nHost: a\r\n\r\n'],
    ['a long one', `${plain}X-A: ${'a'.repeat(LONGEST_REQUEST)}\r\n\r\n`],
  ])('leaves to node:http %s', (_what, chunk) => {
    expect(accepted(chunk)).toBeUndefined();
  });

  it.each([
    ['a plain GET', '', true],
    ['fields that change nothing', 'User-Agent: a\r\nReferer: b\r\nConnection: keep-alive\r\n', true],
    ['a range', 'Range: bytes=0-1\r\n', false],
    ["a client's wish", 'Cache-Control: no-cache\r\n', false],
    ['an older wish', 'Pragma: no-cache\r\n', false],
    ['another condition', 'If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT\r\n', false],
    ['an id of its own', 'X-Request-Id: a\r\n', false],
    ['a wish to see the key', 'X-Cache-Debug: 1\r\n', false],
    ['a loop to be found', 'CDN-Loop: a\r\n', false],
    ['an unknown field', 'X-Unknown: a\r\n', false],
    ['a field on two lines', 'Accept: a\r\nAccept: b\r\n', false],
  ])('%s: may be answered or not', (_what, lines, answerable) => {
    expect(accepted(`${plain}${lines}\r\n`)?.reading.answerable).toBe(answerable);
  });

  it('hands the site what routes, variants and codings depend on, and nothing else', () => {
    const lines = 'ACCEPT: a\r\nCookie: b\r\nUser-Agent: c\r\nAuthorization: d\r\nIf-None-Match: "e"\r\n';
    expect(accepted(`${plain}${lines}\r\n`)?.reading).toEqual({
      answerable: true,
      deciding: ['accept', 'a', 'cookie', 'b', 'authorization', 'd'],
      takesGzip: false,
      ifNoneMatch: '"e"',
    });
    expect(decides(['accept', 'accept-language', 'origin'])).toBe(true);
    expect(decides(['accept', 'user-agent'])).toBe(false);
  });

  it('hands a site that reads few fields no others: clients that differ in cookies are one kind', () => {
    const fields = (cookie: string) =>
      `Host: a\r\nAccept: a\r\nCookie: ${cookie}\r\nAccept-Encoding: gzip\r\n\r\n`;
    const reads = new Set(['accept']);
    const [one, other] = ['b', 'c'].map((cookie) => readFields(fields(cookie), reads));
    expect(one).toEqual({
      answerable: true,
      deciding: ['accept', 'a'],
      takesGzip: true,
      ifNoneMatch: undefined,
    });
    expect(other).toEqual(one);
    expect(decides(['accept'], reads)).toBe(true);
    expect(decides(['accept', 'cookie'], reads)).toBe(false);
  });
});
