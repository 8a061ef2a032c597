import { afterEach, describe, expect, it } from 'vitest';
import { Bench, refusal, request, TestClock, text } from './helpers.js';

const bench = new Bench();
afterEach(() => bench.close());

/** A generic upstream that is taken at its word. */
const VERBATIM = { group: { verbatim: true } };
const quick = () => new TestClock(200);

/** A server that answers every request so, and counts them. */
async function server(answer: number | 'reset') {
  const seen = { count: 0 };
  const { url } = await bench.http((incoming, res) => {
    seen.count++;
    if (answer === 'reset') incoming.socket.resetAndDestroy();
    else res.writeHead(answer, { 'Retry-After': '1' }).end(`answer ${answer}`);
  });
  return { seen, url };
}

describe('an upstream that is taken at its word', () => {
  it.each([502, 503, 504, 429])(
    'its %i is the answer: it is asked once, and goes on being asked',
    async (status) => {
      const { seen, url } = await server(status);
      const origin = bench.origin([url], quick(), VERBATIM);
      for (let i = 1; i <= 30; i++) {
        const response = await origin.fetch(request());
        expect([response.status, await text(response)]).toEqual([status, `answer ${status}`]);
        expect(seen.count).toBe(i);
      }
      expect(origin.status()[0]).toMatchObject({ breaker: 'closed', rate_limited_until: null });
    },
  );

  it('a request that it has taken and hung up on is not repeated, and keeps no other away', async () => {
    const { seen, url } = await server('reset');
    const origin = bench.origin([url], quick(), VERBATIM);
    for (let i = 1; i <= 10; i++) {
      expect((await refusal(origin.fetch(request()))).code).toBe('origin_unreachable');
      expect(seen.count).toBe(i);
    }
    expect(origin.status()[0]).toMatchObject({ breaker: 'closed', errors: 10 });
  });

  it.each([
    ['Trouvé', 'Trouvé'],
    ['成功', ''],
    [Buffer.from([0xc4, 0xd6]), ''],
  ])('a reason in another script (%s) is none, where it cannot be sent on', async (reason, said) => {
    const { url } = await bench.raw((socket) => {
      socket.write('HTTP/1.1 200 ');
      socket.write(reason);
      socket.end('\r\nContent-Length: 2\r\n\r\nok');
    });
    const response = await bench.origin([url], quick(), VERBATIM).fetch(request());
    expect([response.statusText, await text(response)]).toEqual([said, 'ok']);
  });

  it('nonsense in answer to one request keeps no other away', async () => {
    const { url } = await bench.raw((socket) =>
      socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'),
    );
    const origin = bench.origin([url], quick(), VERBATIM);
    for (let i = 0; i < 10; i++)
      expect((await refusal(origin.fetch(request()))).code).toBe('origin_protocol');
    expect(origin.status()[0]?.breaker).toBe('closed');
  });

  it('one that cannot be reached is left alone all the same', async () => {
    const origin = bench.origin([await bench.refusing()], quick(), VERBATIM);
    for (let i = 0; i < 3; i++) await refusal(origin.fetch(request()));
    expect(origin.status()[0]?.breaker).toBe('open');
  });

  it('where there is another server, it is asked in place of one that fails, and no server twice', async () => {
    for (const failing of [503, 'reset'] as const) {
      const [bad, good] = [await server(failing), await server(200)];
      const origin = bench.origin([bad.url, good.url], quick(), VERBATIM);
      expect((await origin.fetch(request())).status).toBe(200);
      expect([bad.seen.count, good.seen.count]).toEqual([1, 1]);
    }
  });
});
