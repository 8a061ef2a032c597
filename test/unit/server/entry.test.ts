import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  answerOf,
  clock,
  entryOf,
  exchange,
  get,
  gzipEntry,
  HIT,
  request,
  SITE,
  start,
  TEXT,
} from './helpers.js';

const BODY = '0123456789'.repeat(10);

describe('a complete entry', () => {
  it('goes out with its fields as they came, and ours after them', async () => {
    const { port } = await start(() => answerOf(entryOf(BODY)));
    const reply = await get(port, '/3/movie/1', 'X-Request-Id: req.1');
    expect(reply.statusLine).toBe('HTTP/1.1 200 OK');
    expect(reply.headers.slice(0, 8)).toEqual([
      'Content-Type',
      'application/json;charset=utf-8',
      'ETag',
      '"abc"',
      'X-Odd',
      'a',
      'X-Odd',
      'b',
    ]);
    expect(reply.get('age')).toBe('62');
    expect(reply.get('cache-control')).toBe('public, max-age=600');
    expect(reply.get('cache-status')).toBe('node-1; hit; ttl=600; detail=memory');
    expect(reply.get('x-cache')).toBe('HIT');
    expect(reply.get('server-timing')).toBe('cache;desc=hit, total;dur=0');
    expect(reply.get('x-tmdb-proxy')).toBe('node-1');
    expect(reply.get('x-tmdb-proxy-version')).toBe('9.9.9');
    expect(reply.get('x-request-id')).toBe('req.1');
    expect(reply.get('access-control-allow-origin')).toBe('*');
    expect(reply.get('access-control-expose-headers')).toContain('ETag');
    expect(reply.get('content-length')).toBe('100');
    expect(reply.all('date')).toHaveLength(1);
    expect(reply.body.toString()).toBe(BODY);
  });

  it('says a max-age that Overseerr can read', async () => {
    const { port } = await start(() => answerOf(entryOf(BODY)));
    const reply = await get(port, '/3/movie/1');
    expect(Number(reply.get('cache-control')!.split('=')[1])).toBe(600);
  });

  it('advertises no more than what is left, and nothing when stale', async () => {
    const short = entryOf(BODY, { lifetime: 100_000 });
    let outcome = HIT;
    const { port } = await start(() => answerOf(short, outcome));
    expect((await get(port, '/3/movie/1')).get('cache-control')).toBe('public, max-age=37');
    outcome = { ...HIT, result: 'stale', stale: 'while-revalidate', ttl: -5 };
    const stale = await get(port, '/3/movie/1');
    expect(stale.get('cache-control')).toBe('public, max-age=0');
    expect(stale.get('cache-status')).toBe('node-1; hit; ttl=-5; detail=memory/while-revalidate');
    expect(stale.get('x-cache')).toBe('STALE');
  });

  it('leaves the origin its Cache-Control under TTL_POLICY=origin, and opens nothing to browsers there', async () => {
    const entry = entryOf(BODY, {
      headers: ['Cache-Control', 'max-age=5, stale-while-revalidate=9', 'Age', '3'],
    });
    const { port } = await start(() => answerOf(entry), {
      settings: { cors: false, site: { ...SITE, ttlPolicy: 'origin', transforms: false } },
    });
    const reply = await get(port, '/3/movie/1');
    expect(reply.all('cache-control')).toEqual(['max-age=5, stale-while-revalidate=9']);
    expect(reply.all('age')).toEqual(['62']);
    expect(reply.get('access-control-allow-origin')).toBeUndefined();
  });

  it('replaces what the origin and its CDN said in our fields', async () => {
    const headers = [
      'X-Cache',
      'Hit from cloudfront',
      'Age',
      '9',
      'Cache-Status',
      'edge; hit',
      'Expires',
      '0',
    ];
    const { port } = await start(() => answerOf(entryOf(BODY, { headers })));
    const reply = await get(port, '/3/movie/1');
    expect(reply.all('x-cache')).toEqual(['HIT']);
    expect(reply.all('age')).toEqual(['62']);
    expect(reply.all('cache-status')).toEqual(['edge; hit, node-1; hit; ttl=600; detail=memory']);
    expect(reply.get('expires')).toBeUndefined();
  });

  it('makes a request id where the client has none or a harmful one', async () => {
    const { port } = await start(() => answerOf(entryOf(BODY)));
    const reply = await get(port, '/3/movie/1', 'X-Request-Id: a b"c');
    expect(reply.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('has the fields that only who asked is sent, beside its own', async () => {
    const { port } = await start(() => ({ ...answerOf(entryOf('x')), own: ['X-Own', 'yours'] }));
    const reply = await get(port, '/3/movie/1');
    expect([reply.get('x-own'), reply.get('etag')]).toEqual(['yours', '"abc"']);
  });

  it('says when it was received where the origin says no Date (RFC 9110 section 6.6.1)', async () => {
    const storedAt = Date.UTC(2025, 11, 31);
    const { port } = await start(() => answerOf(entryOf('x', { storedAt })));
    expect((await get(port, '/3/movie/1')).get('date')).toBe('Wed, 31 Dec 2025 00:00:00 GMT');
  });

  it('answers HEAD with the fields of GET and no body', async () => {
    const { port } = await start(() => answerOf(entryOf(BODY)));
    const full = await get(port, '/3/movie/1', 'X-Request-Id: x');
    const head = await exchange(
      port,
      request('HEAD', '/3/movie/1', 'X-Request-Id: x', 'Connection: keep-alive'),
    );
    expect(head.headers).toEqual(full.headers);
    expect(head.body.length).toBe(0);
  });

  it('tells the observer once', async () => {
    const { port, records } = await start(() => answerOf(entryOf(BODY)));
    await get(port, '/3/movie/1?api_key=secret&language=de', 'X-Request-Id: x');
    expect(records).toEqual([
      {
        method: 'GET',
        path: '/3/movie/1?api_key=***&language=de',
        status: 200,
        bytes: 100,
        ms: 0,
        outcome: HIT,
        age: 62,
        requestId: 'x',
        client: '127.0.0.1',
        aborted: false,
      },
    ]);
  });
});

describe('content coding', () => {
  it('serves stored gzip as stored to those who take it, with a weak tag', async () => {
    const entry = gzipEntry();
    const { port } = await start(() => answerOf(entry));
    const reply = await get(port, '/3/movie/1', 'Accept-Encoding: gzip, br');
    expect(reply.get('content-encoding')).toBe('gzip');
    expect(reply.all('vary')).toEqual(['Accept-Encoding']);
    expect(reply.get('etag')).toBe('W/"abc"');
    expect(reply.body.equals(entry.body)).toBe(true);
  });

  it.each([[[]], [['Accept-Encoding: gzip;q=0']], [['Accept-Encoding: identity']]])(
    'decodes it for %s',
    async (lines) => {
      const { port } = await start(() => answerOf(gzipEntry()));
      const reply = await get(port, '/3/movie/1', ...lines);
      expect(reply.get('content-encoding')).toBeUndefined();
      expect(reply.all('vary')).toEqual(['Accept-Encoding']);
      expect(reply.get('etag')).toBe('"abc"');
      expect(reply.get('content-length')).toBe(String(TEXT.length));
      expect(reply.body.toString()).toBe(TEXT);
    },
  );

  it("keeps the origin's own gzip strong and weakens its decoded form", async () => {
    const headers = ['ETag', '"o"', 'Vary', 'Origin, accept-encoding'];
    const { port } = await start(() => answerOf(gzipEntry({ recoded: false, headers })));
    const coded = await get(port, '/3/movie/1', 'Accept-Encoding: gzip');
    expect([coded.get('etag'), coded.all('vary')]).toEqual(['"o"', ['Origin, accept-encoding']]);
    const plain = await get(port, '/3/movie/1');
    expect([plain.get('etag'), plain.all('vary')]).toEqual(['W/"o"', ['Origin, accept-encoding']]);
  });

  it('leaves other codings and no-transform alone', async () => {
    let entry = entryOf('br-bytes', { coding: 'other', headers: ['Content-Encoding', 'br'] });
    const { port } = await start(() => answerOf(entry));
    const other = await get(port, '/3/movie/1');
    expect([other.get('content-encoding'), other.body.toString()]).toEqual(['br', 'br-bytes']);
    entry = gzipEntry({ recoded: false, headers: ['Cache-Control', 'max-age=9, no-transform'] });
    const kept = await get(port, '/3/movie/1');
    expect([kept.get('content-encoding'), gunzipSync(kept.body).toString()]).toEqual(['gzip', TEXT]);
  });

  it('streams a body that is too long to be decoded in one go', async () => {
    const long = Buffer.alloc(9_000_000, 'lorem ipsum ');
    const { port } = await start(() => answerOf(gzipEntry({ body: gzipSync(long) })));
    const reply = await get(port, '/3/movie/1');
    expect(reply.get('transfer-encoding')).toBe('chunked');
    expect(reply.body.equals(long)).toBe(true);
    const head = await exchange(port, request('HEAD', '/3/movie/1'));
    expect([head.status, head.get('content-length')]).toEqual([200, undefined]);
  });
});

describe('conditions', () => {
  const modified = [
    'Last-Modified',
    'Wed, 01 Jan 2025 00:00:00 GMT',
    'ETag',
    '"abc"',
    'Content-Type',
    'text/plain',
  ];

  it('answers 304 with the fields a 304 has', async () => {
    const { port } = await start(() => answerOf(entryOf(BODY, { headers: modified })));
    const reply = await get(port, '/3/movie/1', 'If-None-Match: "no", W/"abc"');
    expect(reply.statusLine).toBe('HTTP/1.1 304 Not Modified');
    expect(reply.get('etag')).toBe('"abc"');
    expect(reply.get('cache-control')).toBe('public, max-age=600');
    expect(reply.get('age')).toBe('62');
    expect(reply.get('access-control-allow-origin')).toBe('*');
    for (const absent of ['content-type', 'content-length', 'last-modified', 'transfer-encoding']) {
      expect(reply.get(absent)).toBeUndefined();
    }
  });

  it('without a date that can be read, what was received before If-Modified-Since is unchanged', async () => {
    const headers = ['Content-Type', 'text/plain', 'Date', 'nonsense'];
    const { port } = await start(() => answerOf(entryOf('x', { headers })));
    const since = new Date(clock.now()).toUTCString();
    expect((await get(port, '/3/movie/1', `If-Modified-Since: ${since}`)).status).toBe(304);
  });

  it('lets If-None-Match beat If-Modified-Since, and leaves If-Match to the origin', async () => {
    const { port } = await start(() => answerOf(entryOf(BODY, { headers: modified })));
    const since = 'If-Modified-Since: Thu, 02 Jan 2025 00:00:00 GMT';
    expect((await get(port, '/3/movie/1', since)).status).toBe(304);
    expect((await get(port, '/3/movie/1', 'If-None-Match: "other"', since)).status).toBe(200);
    expect((await get(port, '/3/movie/1', 'If-Match: "other"')).status).toBe(200);
  });

  it('matches the weakened tag it has sent', async () => {
    const { port } = await start(() => answerOf(gzipEntry()));
    const lines = ['Accept-Encoding: gzip', 'If-None-Match: W/"abc"'];
    const reply = await get(port, '/3/movie/1', ...lines);
    expect([reply.status, reply.get('etag'), reply.all('vary')]).toEqual([
      304,
      'W/"abc"',
      ['Accept-Encoding'],
    ]);
  });
});

describe('ranges', () => {
  it('cuts one range', async () => {
    const { port } = await start(() => answerOf(entryOf(BODY)));
    const reply = await get(port, '/t/p/w500/x.jpg', 'Range: bytes=5-14');
    expect(reply.statusLine).toBe('HTTP/1.1 206 Partial Content');
    expect(reply.get('content-range')).toBe('bytes 5-14/100');
    expect(reply.get('content-length')).toBe('10');
    expect(reply.body.toString()).toBe('5678901234');
  });

  it('sends several as multipart', async () => {
    const long = Buffer.alloc(1000, BODY);
    const { port } = await start(() => answerOf(entryOf(long)));
    const reply = await get(port, '/t/p/w500/x.jpg', 'Range: bytes=0-1,900-901');
    const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(reply.get('content-type')!)![1]!;
    expect(reply.body.toString()).toBe(
      [
        `--${boundary}`,
        'Content-Type: application/json;charset=utf-8',
        'Content-Range: bytes 0-1/1000',
        '',
        '01',
        `--${boundary}`,
        'Content-Type: application/json;charset=utf-8',
        'Content-Range: bytes 900-901/1000',
        '',
        '01',
        `--${boundary}--`,
        '',
      ].join('\r\n'),
    );
  });

  it('refuses what lies outside', async () => {
    const { port } = await start(() => answerOf(entryOf(BODY)));
    const reply = await get(port, '/t/p/w500/x.jpg', 'Range: bytes=100-');
    expect(reply.status).toBe(416);
    expect(reply.get('content-range')).toBe('bytes */100');
    expect(reply.all('cache-control')).toEqual(['no-store']);
    expect([reply.get('content-length'), reply.get('etag'), reply.get('content-type')]).toEqual([
      '0',
      undefined,
      undefined,
    ]);
  });

  it('honours If-Range and cuts gzip-stored text from its decoded bytes', async () => {
    const { port } = await start(() => answerOf(gzipEntry()));
    const lines = ['Range: bytes=0-9', 'Accept-Encoding: gzip'];
    const part = await get(port, '/3/movie/1', ...lines, 'If-Range: "abc"');
    expect([part.status, part.get('content-encoding')]).toEqual([206, undefined]);
    expect(part.body.toString()).toBe(TEXT.slice(0, 10));
    expect((await get(port, '/3/movie/1', ...lines, 'If-Range: W/"abc"')).status).toBe(200);
    expect((await exchange(port, request('HEAD', '/3/movie/1', ...lines))).status).toBe(200);
  });

  it('ages between two deliveries of the same entry', async () => {
    const entry = entryOf(BODY, { storedAt: clock.now() });
    const { port } = await start(() => answerOf(entry));
    expect((await get(port, '/3/movie/1')).get('age')).toBe('2');
    clock.advance(10_000);
    expect((await get(port, '/3/movie/1')).get('age')).toBe('12');
  });
});
