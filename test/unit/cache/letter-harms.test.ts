import { describe, expect, it } from 'vitest';
import type { SharedRoute } from '../../../src/cache/site.js';
import { CoreFetcher } from '../../../src/cluster/core-fetcher.js';
import { field } from '../../../src/http/headers.js';
import { settle } from '../../support/fake-clock.js';
import { bytesOf, engineKit } from './engine-kit.js';
import { letterKit } from './letter-kit.js';

const TAG = ['ETag', '"a"'];
const cc = (value: string) => ['Cache-Control', value];
const turn = () => new Promise((resolve) => setImmediate(resolve));
const range = (value: string) => ['Range', `bytes=${value}`];
const part = {
  status: 206,
  headers: [...cc('max-age=60'), ...TAG, 'Content-Range', 'bytes 0-4/10'],
  body: '01234',
};

describe('what one client is sent and another must not be', () => {
  it.each(['max-age=0', 'no-cache', 'no-cache, max-age=60', 'max-age=60, s-maxage=0'])(
    'requests that wait for one answer are not given it where it is %s (RFC 9111 section 4)',
    async (value) => {
      const kit = letterKit();
      const first = kit.ask('/x', { headers: ['Cookie', 'alice'] });
      const second = kit.ask('/x', { headers: ['Cookie', 'bob'] });
      await settle();
      kit.origin.last.reply({ headers: [...cc(value), ...TAG], body: "alice's" });
      expect(await bytesOf(await first)).toBe("alice's");
      await settle();
      kit.origin.last.reply({ headers: [...cc(value), ...TAG], body: "bob's" });
      expect(await bytesOf(await second)).toBe("bob's");
    },
  );

  it('what a 304 renews only to be validated again is not given to who waits (RFC 9111 section 4)', async () => {
    const kit = letterKit();
    await kit.exchange([], { headers: [...cc('max-age=60'), ...TAG], body: 'x' });
    kit.clock.advance(61_000);
    const answers = [kit.ask('/x'), kit.ask('/x')];
    await settle();
    for (const asked of [2, 3]) {
      expect(kit.origin.asked).toHaveLength(asked);
      kit.origin.last.reply({ status: 304, headers: [...cc('max-age=0'), ...TAG], body: '' });
      await settle();
    }
    for (const answer of answers) expect(await bytesOf(await answer)).toBe('x');
  });

  it('a variant that a 304 confirms is not given to who waits for another (RFC 9111 section 4.1)', async () => {
    const kit = letterKit();
    const reply = (body: string) => ({ headers: [...cc('max-age=60'), ...TAG, 'Vary', 'A'], body });
    await kit.exchange(['A', '1'], reply('one'));
    kit.clock.advance(61_000);
    const one = kit.ask('/x', { headers: ['A', '1'] });
    const two = kit.ask('/x', { headers: ['A', '2'] });
    await settle();
    kit.origin.last.reply({ ...reply(''), status: 304 });
    expect(await bytesOf(await one)).toBe('one');
    await settle();
    kit.origin.last.reply(reply('two'));
    expect(await bytesOf(await two)).toBe('two');
  });

  it.each<[why: string, value: string, wish: string[], before: boolean]>([
    ['it is stale', 'max-age=0', [], false],
    ['that request wants it anew', 'max-age=60', cc('no-cache'), true],
  ])(
    'an answer that was complete before a request came is not given to it where %s (section 4)',
    async (_why, value, wish, before) => {
      const kit = letterKit();
      const headers = [...range('0-4'), ...wish];
      if (before) await kit.exchange(range('0-4'), part);
      const first = kit.ask('/x', { headers });
      await settle();
      await kit.memory.clear();
      // L2 is slow to say what it has, so the first answer is complete and not stored yet.
      const get = kit.l2.get.bind(kit.l2);
      let looks = 0;
      kit.l2.get = (key) => (looks++ === 0 ? new Promise(() => {}) : get(key));
      const anew = [...cc(value), ...TAG, 'Content-Range', 'bytes 0-4/10'];
      kit.origin.last.reply({ ...part, headers: anew });
      expect(await bytesOf(await first)).toBe('01234');
      await settle();
      expect(looks).toBe(1);
      const asked = kit.origin.asked.length;
      void kit.ask('/x', { headers }).catch(() => {});
      await settle();
      expect(kit.origin.asked).toHaveLength(asked + 1);
    },
  );

  it('what a purge has taken while a request waited for others is not confirmed by it (I-1)', async () => {
    const kit = letterKit();
    await kit.exchange([], { headers: [...cc('max-age=60'), ...TAG], body: 'old' });
    kit.clock.advance(61_000);
    void kit.ask('/x').catch(() => {});
    void kit.ask('/x').catch(() => {});
    await settle();
    kit.purge({ kind: 'key', name: 'v1:custom:/x' });
    kit.origin.last.reply({ headers: [...cc('max-age=0'), ...TAG], body: 'new' });
    await settle();
    expect(kit.origin.asked).toHaveLength(3);
    expect(field(kit.origin.last.request.headers, 'if-none-match')).toBeUndefined();
  });

  it('who has to ask alone keeps nobody waiting (I-8)', async () => {
    const kit = letterKit();
    const ask = () => void kit.ask('/x').catch(() => {});
    ask();
    ask();
    await settle();
    kit.origin.last.reply({ headers: [...cc('max-age=0'), ...TAG], body: 'x' });
    await settle();
    ask();
    await settle();
    expect(kit.origin.asked).toHaveLength(3);
  });

  it.each([
    ['whose lifetime is 0', 'max-age=0'],
    ['that is to be validated', 'no-cache, max-age=60'],
  ])('a cookie %s is not stored', async (_why, value) => {
    const kit = letterKit();
    const reply = { headers: [...cc(value), ...TAG, 'Set-Cookie', 'sid=alice'], body: 'x' };
    expect((await kit.exchange([], reply)).answer.outcome.noStore).toBe('set-cookie');
  });

  it('a cookie is not given out stale when the origin fails', async () => {
    const kit = letterKit();
    await kit.exchange([], { headers: [...cc('max-age=60'), 'Set-Cookie', 'sid=alice'], body: 'x' });
    kit.clock.advance(61_000);
    const { answer } = await kit.exchange([], { status: 503, headers: [], body: 'down' });
    expect(answer).toMatchObject({ kind: 'raw', head: { status: 503 } });
  });

  it('private fields of a 304 reach who asked', async () => {
    const kit = letterKit();
    const mine = cc('max-age=60, private="set-cookie"');
    await kit.exchange([], { headers: [...mine, ...TAG], body: 'x' });
    kit.clock.advance(61_000);
    const { answer } = await kit.exchange([], {
      status: 304,
      headers: [...mine, ...TAG, 'Set-Cookie', 'a=1'],
      body: '',
    });
    expect(answer).toMatchObject({ kind: 'entry', own: ['Set-Cookie', 'a=1'] });
    if (answer.kind === 'entry') expect(field(answer.entry.headers, 'set-cookie')).toBeUndefined();
  });

  it.each(['private="vary"', 'no-cache="content-encoding"', 'private="X, etag"'])(
    '%s is of the whole response: without that field its bytes would be misread',
    async (value) => {
      const kit = letterKit();
      const reply = { headers: cc(`max-age=60, ${value}`), body: 'x' };
      await kit.exchange([], reply);
      expect((await kit.exchange([], reply)).asked).toBe(1);
    },
  );
});

describe('parts', () => {
  it('a 416 is of its range, never stored for the whole', async () => {
    const kit = letterKit();
    await kit.exchange(range('99-'), { status: 416, headers: cc('max-age=3600'), body: '' });
    expect((await kit.exchange([], { headers: cc('max-age=60'), body: 'all' })).body).toBe('all');
  });

  it('a later part of another version is not hidden by the whole of the earlier', async () => {
    const kit = letterKit();
    await kit.exchange([], { headers: [...cc('max-age=60'), ...TAG], body: '0123456789' });
    kit.clock.advance(1000);
    const newer = {
      ...part,
      headers: [...cc('max-age=60'), 'ETag', '"b"', 'Content-Range', 'bytes 2-4/10'],
      body: 'new',
    };
    await kit.exchange([...range('2-4'), ...cc('no-cache')], newer);
    const { answer } = await kit.exchange(range('2-4'));
    expect(answer).toMatchObject({ kind: 'entry', entry: { status: 206 } });
    expect(await bytesOf(answer)).toBe('new');
  });

  it('the core never validates a part in place of the whole that a worker wants', async () => {
    const kit = letterKit();
    await kit.exchange(range('0-4'), part);
    const { lookup, filler } = kit.engine;
    const parts = {
      lookup,
      filler,
      fetcher: kit.fetcher,
      purges: kit.purges,
      clock: kit.clock,
      replaced: () => {},
    };
    const route = kit.site.route({ method: 'GET', target: '/x', headers: [] }) as SharedRoute;
    // What the worker knew when it asked: nothing.
    const asked = {
      kind: 'fill',
      route,
      storedAt: undefined,
      priority: 'user',
      forward: 'uri-miss',
    } as const;
    const filling = new CoreFetcher(parts).fill(
      { ...asked, standIn: false, interim: false },
      new AbortController().signal,
    );
    await settle();
    const sent = kit.origin.last.request.headers;
    expect([field(sent, 'if-none-match'), field(sent, 'range')]).toEqual([undefined, 'bytes=5-']);
    kit.origin.last.reply({
      ...part,
      headers: [...cc('max-age=60'), ...TAG, 'Content-Range', 'bytes 5-9/10'],
      body: '56789',
    });
    const filled = await filling;
    expect(filled).toMatchObject({ kind: 'current', entry: { status: 200 } });
    if (filled.kind === 'current') expect(filled.entry.body.toString()).toBe('0123456789');
  });

  it('a long rest is not held back until it is whole (I-17)', async () => {
    const kit = letterKit();
    await kit.exchange(range('0-4'), {
      ...part,
      headers: [...cc('max-age=60'), ...TAG, 'Content-Range', 'bytes 0-4/9000000'],
    });
    void kit.ask('/x').catch(() => {});
    await settle();
    expect(field(kit.origin.last.request.headers, 'range')).toBeUndefined();
  });
});

describe('stale answers', () => {
  it.each(['no-store', 'private', 'max-age=60', 'max-age=0'])(
    'an error that says %s of itself does not take the place of what may stand in for it (RFC 5861 section 4)',
    async (value) => {
      const kit = letterKit();
      await kit.exchange([], { headers: [...cc('max-age=60, stale-if-error=600'), ...TAG], body: 'old' });
      kit.clock.advance(100_000);
      const { body, answer } = await kit.exchange([], { status: 503, headers: cc(value), body: 'down' });
      expect(body).toBe('old');
      expect(answer.outcome).toMatchObject({ stale: 'origin-error', forwardStatus: 503 });
    },
  );

  it('refreshes that bring nothing to store do not turn each stale hit into a request (I-8)', async () => {
    const kit = letterKit();
    await kit.exchange([], {
      headers: [...cc('max-age=60, stale-while-revalidate=600'), ...TAG],
      body: 'old',
    });
    kit.clock.advance(100_000);
    const before = kit.origin.asked.length;
    for (let i = 0; i < 5; i++) {
      expect(await bytesOf(await kit.ask('/x'))).toBe('old');
      await settle();
      if (i === 0) kit.origin.last.reply({ headers: cc('no-store'), body: 'new' });
      await settle();
    }
    expect(kit.origin.asked.length - before).toBe(1);
  });

  it('under the table what is stale is served from memory, without asking L2 each time (I-9)', async () => {
    const kit = engineKit();
    const filling = kit.ask('/x');
    await settle();
    kit.origin.last.reply();
    await bytesOf(await filling);
    await settle();
    kit.clock.advance(66.5 * 60_000);
    let reads = 0;
    const get = kit.l2.get.bind(kit.l2);
    kit.l2.get = async (key) => {
      reads++;
      const entry = await get(key);
      return entry && { ...entry };
    };
    for (let i = 0; i < 20; i++) expect((await kit.ask('/x')).outcome.result).toBe('stale');
    expect(reads).toBe(1);
  });

  it('a new body in place of a stale one is passed on while it arrives, and asked for once', async () => {
    const kit = letterKit({ maxEntryBytes: 1000 });
    await kit.exchange([], { headers: [...cc('max-age=60, stale-if-error=600'), ...TAG], body: 'old' });
    kit.clock.advance(100_000);
    const answering = kit.ask('/x');
    await settle();
    const { last } = kit.origin;
    last.head({ headers: [...cc('max-age=60'), 'ETag', '"b"'] });
    const answer = await answering;
    expect(answer.kind).toBe('arriving');
    last.body.data(Buffer.alloc(600));
    last.body.data(Buffer.alloc(600));
    last.body.end();
    await turn();
    expect(kit.origin.asked).toHaveLength(2);
  });

  it('a reload in a worker whose client has left is given up by the core as well (I-7)', async () => {
    const kit = letterKit();
    await kit.exchange([], { headers: [...cc('max-age=600'), ...TAG], body: 'old' });
    const { lookup, filler } = kit.engine;
    const parts = {
      lookup,
      filler,
      fetcher: kit.fetcher,
      purges: kit.purges,
      clock: kit.clock,
      replaced: () => {},
    };
    const route = kit.site.route({ method: 'GET', target: '/x', headers: cc('no-cache') }) as SharedRoute;
    const asked = { kind: 'fill', route, storedAt: undefined, priority: 'user', forward: 'request' } as const;
    const filling = new CoreFetcher(parts).fill(
      { ...asked, standIn: false, interim: false },
      new AbortController().signal,
    );
    await settle();
    kit.origin.last.head({ headers: [...cc('max-age=600'), 'ETag', '"b"'] });
    const filled = await filling;
    if (filled.kind !== 'storable') throw new Error(filled.kind);
    filled.body.start({ data: () => {}, end: () => {}, error: () => {} });
    await turn();
    filled.body.cancel();
    await turn();
    expect(kit.origin.last.body.cancelled).toBe(true);
  });
});

it('the head of an event stream goes out before its first event', async () => {
  const kit = letterKit();
  const answering = kit.ask('/x');
  await settle();
  kit.origin.last.head({ headers: [...cc('no-store'), 'Content-Type', 'text/event-stream'] });
  expect((await answering).kind).toBe('raw');
});
