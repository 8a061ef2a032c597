import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../src/cache/answer.js';
import { ProxyError } from '../../../src/errors.js';
import type { BodySource } from '../../../src/origin/source.js';
import type { Entry } from '../../../src/tiers/entry.js';
import { FakeClock } from '../../support/fake-clock.js';
import {
  bodyOf,
  dial,
  entryOf,
  exchange,
  get,
  ManualBody,
  MISS,
  request,
  start,
  TEXT,
  until,
} from './helpers.js';

function arriving(body: BodySource, over: Partial<Entry> = {}, length?: number, stored?: Entry): Answer {
  const { body: _, ...head } = entryOf('', over);
  const kept = Promise.resolve(stored);
  return { kind: 'arriving', head, length, body, stored: kept, whole: () => kept, outcome: MISS };
}

describe('an entry that is still arriving', () => {
  it('streams with the announced length', async () => {
    const { port } = await start(() => arriving(bodyOf('one ', 'two'), {}, 7));
    const reply = await get(port, '/3/movie/1');
    expect(reply.get('content-length')).toBe('7');
    expect(reply.get('cache-status')).toBe('node-1; fwd=uri-miss; fwd-status=200; stored; ttl=3537');
    expect(reply.get('x-cache')).toBe('MISS');
    expect(reply.get('server-timing')).toBe('cache;desc=miss, origin;dur=0, total;dur=0');
    expect(reply.body.toString()).toBe('one two');
  });

  it('streams without a length, and an empty body', async () => {
    const { port } = await start((c) => arriving(c.request.target.endsWith('1') ? bodyOf('abc') : bodyOf()));
    const reply = await get(port, '/3/movie/1');
    expect([reply.get('transfer-encoding'), reply.body.toString()]).toEqual(['chunked', 'abc']);
    expect((await get(port, '/3/movie/2')).body.length).toBe(0);
  });

  it('sends bytes as they come', async () => {
    const body = new ManualBody();
    const { port } = await start(() => arriving(body, {}, 6));
    const socket = dial(port);
    let seen = '';
    socket.on('data', (chunk) => {
      seen += chunk;
    });
    socket.write(request('GET', '/3/movie/1'));
    await until(() => body.sink !== undefined);
    body.sink!.data(Buffer.from('abc'));
    await until(() => seen.endsWith('abc'));
    body.sink!.data(Buffer.from('def'));
    body.sink!.end();
    await until(() => seen.endsWith('abcdef'));
  });

  it('decodes gzip on the way for those who do not take it', async () => {
    const coded = gzipSync(TEXT);
    const { port } = await start(() =>
      arriving(bodyOf(coded.subarray(0, 50), coded.subarray(50)), { coding: 'gzip' }, coded.length),
    );
    const plain = await get(port, '/3/movie/1');
    expect([plain.get('content-length'), plain.get('content-encoding')]).toEqual([undefined, undefined]);
    expect(plain.get('etag')).toBe('W/"abc"');
    expect(plain.body.toString()).toBe(TEXT);
    const gzip = await get(port, '/3/movie/1', 'Accept-Encoding: gzip');
    expect([gzip.get('content-encoding'), gzip.get('content-length')]).toEqual([
      'gzip',
      String(coded.length),
    ]);
    expect(gzip.get('etag')).toBe('"abc"');
  });

  it.each(['HEAD', 'conditional'])('holds the fill before it gives up its reader for %s', async (kind) => {
    const body = new ManualBody();
    const answer = arriving(body, {}, 7) as Extract<Answer, { kind: 'arriving' }>;
    const { port } = await start(() => ({
      ...answer,
      whole: () => {
        body.calls.push('whole');
        return new Promise(() => {});
      },
    }));
    const reply =
      kind === 'HEAD'
        ? await exchange(port, request('HEAD', '/3/movie/1'))
        : await get(port, '/3/movie/1', 'If-None-Match: "abc"');
    expect(body.calls).toEqual(['whole', 'cancel']);
    expect([reply.status, reply.get('content-length')]).toEqual(
      kind === 'HEAD' ? [200, '7'] : [304, undefined],
    );
  });

  it('cuts a range from the whole once it is there', async () => {
    const body = new ManualBody();
    const { port } = await start(() => arriving(body, {}, 10, entryOf('0123456789')));
    const reply = await get(port, '/t/p/w500/x.jpg', 'Range: bytes=2-3');
    expect([reply.status, reply.body.toString()]).toEqual([206, '23']);
    expect(body.calls).toEqual(['cancel']);
  });

  it.each([
    ['as it comes', [], 200],
    ['cut from the whole', ['Range: bytes=0-2'], 206],
  ])('has the fields that only who asked is sent, %s', async (_how, lines, status) => {
    const own = ['X-Own', 'yours'];
    const { port } = await start(() => ({ ...arriving(bodyOf('abcdef'), {}, 6, entryOf('abcdef')), own }));
    const reply = await get(port, '/3/movie/1', ...lines);
    expect([reply.status, reply.get('x-own')]).toEqual([status, 'yours']);
  });

  it('streams everything when the whole can not be had, or is not known to fit', async () => {
    const { port } = await start((c) => {
      const length = c.request.target.endsWith('known') ? 10 : undefined;
      return arriving(bodyOf('0123456789'), {}, length);
    });
    for (const path of ['/t/p/known', '/t/p/unknown']) {
      const reply = await get(port, path, 'Range: bytes=2-3');
      expect([reply.status, reply.body.toString()]).toEqual([200, '0123456789']);
    }
  });
});

describe('a body that fails', () => {
  const lost = new ProxyError('origin_unreachable', 'the origin hung up');

  it('before its first byte: an error in the format of the site', async () => {
    const { port, records } = await start(() => arriving(bodyOf(lost), {}, 9));
    const reply = await get(port, '/3/movie/1');
    expect(reply.status).toBe(502);
    expect(JSON.parse(reply.body.toString())).toMatchObject({ success: false, status_code: 43 });
    expect(reply.get('x-cache')).toBe('ERROR');
    expect(reply.get('cache-status')).toBe('node-1; fwd=uri-miss; fwd-status=200; detail=origin_unreachable');
    expect(records).toMatchObject([{ status: 502, aborted: false, outcome: { result: 'error' } }]);
  });

  it.each([
    ['after some bytes', bodyOf('abc', lost), 9],
    ['after some bytes without a length', bodyOf('abc', lost), undefined],
    ['shorter than announced', bodyOf('abc'), 9],
    ['longer than announced', bodyOf('abc', 'def'), 5],
  ])('%s: the connection breaks, never a clean end', async (_, body, length) => {
    const { port, records, failures } = await start(() => arriving(body, {}, length));
    const reply = await get(port, '/3/movie/1');
    expect(reply.broken).toBe(true);
    await until(() => records.length === 1);
    expect(records).toMatchObject([{ aborted: true }]);
    expect(failures).toHaveLength(1);
  });

  it('resets HTTP/1.0 clients, to whom a closed connection looks like the end', async () => {
    const { port } = await start(() => arriving(bodyOf('abc', lost)));
    const socket = dial(port);
    const ended = new Promise((resolve) => {
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      socket.on('end', () => resolve('clean'));
    });
    socket.resume();
    socket.write('GET /3/movie/1 HTTP/1.0\r\n\r\n');
    expect(await ended).toBe('ECONNRESET');
  });

  it('as gzip that ends early', async () => {
    const coded = gzipSync(Buffer.alloc(200_000, TEXT));
    const { port } = await start(() =>
      arriving(bodyOf(coded.subarray(0, coded.length - 20)), { coding: 'gzip' }),
    );
    expect((await get(port, '/3/movie/1')).broken).toBe(true);
  });
});

describe('clients', () => {
  it('that leave cancel the body', async () => {
    const body = new ManualBody();
    const { port, records } = await start(() => arriving(body));
    const socket = dial(port);
    socket.write(request('GET', '/3/movie/1'));
    await until(() => body.sink !== undefined);
    body.sink!.data(Buffer.from('abc'));
    socket.destroy();
    await until(() => body.cancelled);
    expect(records).toMatchObject([{ status: 200, bytes: 3, aborted: true }]);
  });

  it('that leave while the engine works abort its signal and cancel what it brings', async () => {
    const body = new ManualBody();
    let signal: AbortSignal | undefined;
    let answer: (answer: Answer) => void = () => {};
    const { port, records } = await start((context) => {
      signal = context.signal;
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    const socket = dial(port);
    socket.write(request('GET', '/3/movie/1'));
    await until(() => signal !== undefined);
    socket.destroy();
    await until(() => signal!.aborted);
    answer(arriving(body));
    await until(() => body.cancelled);
    const outcome = { result: 'error', served: 'none', class: 'detail', key: 'v1:api:/3/movie/1' };
    expect(records).toMatchObject([{ status: 499, aborted: true, outcome }]);
  });

  it.each(['identity', 'gzip'] as const)('that read slowly hold the origin back (%s)', async (coding) => {
    // Random bytes, so that the coded body is about as long as the decoded one.
    const chunk = Buffer.from(Array.from({ length: 64 * 1024 }, () => Math.floor(Math.random() * 256)));
    const piece = coding === 'gzip' ? gzipSync(chunk) : chunk;
    const total = 400;
    let given = 0;
    let body: ManualBody;
    const source = new (class extends ManualBody {
      override start(sink: NonNullable<ManualBody['sink']>) {
        super.start(sink);
        this.go();
      }
      override resume() {
        super.resume();
        setImmediate(() => this.go());
      }
      go() {
        while (!this.paused && !this.cancelled && given < total) {
          given++;
          this.sink!.data(piece);
          if (given === total) this.sink!.end();
        }
      }
    })();
    body = source;
    const { port } = await start(() => arriving(body, { coding }));
    const socket = dial(port);
    socket.write(request('GET', '/3/movie/1'));
    await until(() => body.paused);
    await new Promise((resolve) => setTimeout(resolve, 100));
    // What is under way sits in the kernel's buffers; 25 MB would not.
    expect(given).toBeLessThan(total / 2);
    let received = 0;
    socket.on('data', (data) => {
      received += data.length;
    });
    await until(() => received >= total * chunk.length);
    expect(given).toBe(total);
  });

  it('that take nothing for a minute are cut, so that the connection to the origin is free again', async () => {
    const clock = new FakeClock();
    const body = new ManualBody();
    const { port, records } = await start(() => arriving(body), { settings: { clock } });
    const socket = dial(port);
    socket.pause();
    socket.write(request('GET', '/3/movie/1'));
    await until(() => body.sink !== undefined);
    for (let i = 0; i < 400 && !body.paused; i++) {
      body.sink!.data(Buffer.alloc(64 * 1024));
      await new Promise(setImmediate);
    }
    expect(body.paused).toBe(true);
    clock.advance(59_000);
    expect(body.cancelled).toBe(false);
    clock.advance(1_000);
    expect(body.cancelled).toBe(true);
    await until(() => records.length > 0);
    expect(records).toMatchObject([{ aborted: true }]);
  });
});
