import { describe, expect, it } from 'vitest';
import type { SharedRoute } from '../../../src/cache/site.js';
import { CoreFetcher } from '../../../src/cluster/core-fetcher.js';
import { ProxyError } from '../../../src/errors.js';
import { field } from '../../../src/http/headers.js';
import { settle } from '../../support/fake-clock.js';
import { clusterKit } from './cluster-kit.js';
import { bytesOf } from './engine-kit.js';
import { letterKit, letterSite } from './letter-kit.js';

const TAG = ['ETag', '"a"'];
const cc = (value: string) => ['Cache-Control', value];
const COOKIE = ['Set-Cookie', 'sid=alice'];
type Kit = ReturnType<typeof letterKit>;

function coreOf(kit: Kit) {
  const { lookup, filler } = kit.engine;
  return new CoreFetcher({
    lookup,
    filler,
    fetcher: kit.fetcher,
    purges: kit.purges,
    clock: kit.clock,
    replaced: () => {},
  });
}

function routeOf(kit: Pick<Kit, 'site'>, headers: string[] = []): SharedRoute {
  return kit.site.route({ method: 'GET', target: '/x', headers }) as SharedRoute;
}

describe('an error that one client is sent', () => {
  it.each([
    ['a cookie, and is over at once', [...cc('max-age=0, must-revalidate'), ...COOKIE]],
    ['a cookie, and is over at once for shared caches', [...cc('s-maxage=0'), ...COOKIE]],
    ['a cookie that is not to be reused', [...cc('no-cache="set-cookie"'), ...COOKIE]],
    ['a cookie that is private', [...cc('private="set-cookie"'), ...COOKIE]],
    ['a private field', [...cc('max-age=0, private="x-user"'), 'X-User', 'alice']],
    ['a choice by what the client sent', [...cc('max-age=0'), 'Vary', 'Cookie']],
  ])('is not handed to those who wait with it, if it has %s', async (_what, headers) => {
    const kit = letterKit({ sieMs: 0 });
    const alice = kit.ask('/x', { headers: ['Cookie', 'alice'] });
    const bob = kit.ask('/x', { headers: ['Cookie', 'bob'] });
    await settle();
    kit.origin.last.reply({ status: 500, headers, body: 'sorry alice' });
    expect(await bytesOf(await alice)).toBe('sorry alice');
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    kit.origin.last.reply({ status: 500, headers: [], body: 'sorry bob' });
    expect(await bytesOf(await bob)).toBe('sorry bob');
  });

  it('is not handed in a coding to those who wait with it and do not take that, though nothing says it was chosen', async () => {
    const kit = letterKit({ sieMs: 0 });
    const asked = [
      ['Accept-Encoding', 'gzip, br'],
      [],
      ['Accept-Encoding', 'gzip;q=0'],
      ['Accept-Encoding', 'gzip'],
    ];
    const [first, plain, refusing, second] = asked.map((headers) => kit.ask('/x', { headers }));
    await settle();
    expect(kit.origin.asked).toHaveLength(1);
    kit.origin.last.reply({ status: 503, headers: ['Content-Encoding', 'gzip'], body: 'coded' });
    for (const answer of [first, second]) expect(await bytesOf(await answer!)).toBe('coded');
    await settle();
    expect(kit.origin.asked).toHaveLength(3);
    for (const asking of kit.origin.asked.slice(1)) asking.reply({ status: 503, headers: [], body: 'plain' });
    for (const answer of [plain, refusing]) expect(await bytesOf(await answer!)).toBe('plain');
  });

  it('and that nothing keeps from being shared is asked for once', async () => {
    const kit = letterKit({ sieMs: 0 });
    const answers = [kit.ask('/x'), kit.ask('/x')];
    await settle();
    kit.origin.last.reply({ status: 503, headers: [], body: 'down' });
    for (const answer of answers) expect(await bytesOf(await answer)).toBe('down');
    expect(kit.origin.asked).toHaveLength(1);
  });
});

describe('a request that joins what has come before it', () => {
  /** A body of which only the head has arrived, a second long fresh. */
  async function arriving(kit: Kit, value: string) {
    const first = kit.ask('/x');
    await settle();
    kit.origin.last.head({ headers: [...cc(value), ...TAG] });
    await first;
    await settle();
  }

  it('is not answered with what has gone stale while it streamed, and its successor is asked for once', async () => {
    const kit = letterKit();
    await arriving(kit, 'max-age=1');
    kit.clock.advance(30_000);
    const later = [kit.ask('/x'), kit.ask('/x')];
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    kit.origin.last.reply({ headers: cc('max-age=60'), body: 'new' });
    for (const answer of later) expect(await bytesOf(await answer)).toBe('new');
  });

  it.each(['no-cache', 'max-age=10', 'min-fresh=580'])(
    'is not answered with it if it wants %s, although nothing is stored',
    async (wish) => {
      const kit = letterKit();
      await arriving(kit, 'max-age=600');
      kit.clock.advance(30_000);
      void kit.ask('/x', { headers: cc(wish) });
      await settle();
      expect(kit.origin.asked).toHaveLength(2);
    },
  );

  it('shares it while it is fresh', async () => {
    const kit = letterKit();
    await arriving(kit, 'max-age=600');
    kit.clock.advance(30_000);
    void kit.ask('/x');
    await settle();
    expect(kit.origin.asked).toHaveLength(1);
  });

  it('is not answered with what the core had from another worker if it wants validation', async () => {
    const kit = letterKit({
      wrap: (inner) => ({
        pass: (request) => inner.pass(request),
        // The core's L2 was filled half a minute ago.
        fetch: async (job) => {
          const fetched = await inner.fetch(job);
          if (fetched.kind !== 'storable' || job.forward === 'request') return fetched;
          fetched.body.cancel();
          const storedAt = kit.clock.now() - 30_000;
          const entry = { ...fetched.head, storedAt, body: Buffer.from('30 s old') };
          return { kind: 'current', entry, forwardStatus: 200, collapsed: true };
        },
      }),
    });
    const plain = kit.ask('/x');
    const insists = kit.ask('/x', { headers: cc('no-cache') });
    await settle();
    kit.origin.last.reply({ headers: cc('max-age=600'), body: 'x' });
    expect(await bytesOf(await plain)).toBe('30 s old');
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    void insists;
  });

  it('the core validates for a worker that has nothing stored and whose client wants that', async () => {
    const kit = letterKit();
    await kit.exchange([], { headers: [...cc('max-age=600'), ...TAG], body: 'old' });
    kit.clock.advance(30_000);
    void coreOf(kit).fill(
      {
        kind: 'fill',
        route: routeOf(kit, cc('no-cache')),
        storedAt: undefined,
        priority: 'user',
        forward: 'uri-miss',
        standIn: false,
        interim: false,
      },
      new AbortController().signal,
    );
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    expect(field(kit.origin.last.request.headers, 'if-none-match')).toBe('"a"');
  });

  it('what another node has stored does not answer a client that wants validation', async () => {
    const kit = clusterKit(2, { site: letterSite(60_000) });
    // Node B looks before A has stored, and asks when it has.
    const get = kit.l2.get.bind(kit.l2);
    let open = () => {};
    const held = new Promise<void>((resolve) => {
      open = resolve;
    });
    const first = kit.a.ask('/x');
    await settle();
    kit.l2.get = async (key) => {
      const seen = await get(key);
      kit.l2.get = get;
      await held;
      return seen;
    };
    const insists = kit.b.ask('/x', { headers: cc('no-cache') });
    await settle();
    kit.origin.last.reply({ headers: cc('max-age=600'), body: 'old' });
    await bytesOf(await first);
    await settle();
    kit.clock.advance(30_000);
    open();
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    void insists;
  });
});

it('ranges of a stale whole validate it once', async () => {
  const kit = letterKit();
  await kit.exchange([], { headers: [...cc('max-age=60'), ...TAG], body: '0123456789' });
  kit.clock.advance(61_000);
  const answers = ['0-1', '4-5', '8-9'].map((range) =>
    kit.ask('/x', { headers: ['Range', `bytes=${range}`] }),
  );
  await settle();
  expect(kit.origin.asked).toHaveLength(2);
  kit.origin.last.reply({ headers: [...cc('max-age=60'), 'ETag', '"b"'], body: 'abcdefghij' });
  for (const answer of answers) expect(await bytesOf(await answer)).toBe('abcdefghij');
});

describe('a refresh in the background', () => {
  const swr = (value: string) => ({
    headers: [...cc(`${value}, stale-while-revalidate=600`), ...TAG],
    body: 'old',
  });

  it.each(['no-store', 'no-store, only-if-cached', 'only-if-cached'])(
    'of clients that say %s is one, and says nothing of that',
    async (wish) => {
      const kit = letterKit();
      await kit.exchange([], swr('max-age=60'));
      kit.clock.advance(100_000);
      for (let i = 0; i < 3; i++) {
        expect(await bytesOf(await kit.ask('/x', { headers: cc(wish) }))).toBe('old');
        await settle();
      }
      expect(kit.origin.asked).toHaveLength(2);
      expect(field(kit.origin.last.request.headers, 'cache-control')).toBeUndefined();
      kit.origin.last.reply({ headers: cc('max-age=60'), body: 'new' });
      await settle();
      expect(await bytesOf(await kit.ask('/x'))).toBe('new');
    },
  );

  it('keeps what the stored variant was chosen by', async () => {
    const kit = letterKit();
    const { headers } = swr('max-age=60');
    await kit.exchange(cc('no-transform'), { headers: [...headers, 'Vary', 'Cache-Control'], body: 'old' });
    kit.clock.advance(100_000);
    await kit.ask('/x', { headers: cc('no-transform') });
    await settle();
    expect(field(kit.origin.last.request.headers, 'cache-control')).toBe('no-transform');
  });

  it('of what is born stale is one for all who are answered meanwhile', async () => {
    const kit = letterKit();
    await kit.exchange([], swr('max-age=0'));
    kit.clock.advance(1000);
    for (let i = 0; i < 3; i++) {
      await kit.ask('/x');
      await settle();
    }
    expect(kit.origin.asked).toHaveLength(2);
    kit.origin.last.reply(swr('max-age=0'));
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    // And may be refreshed again.
    await kit.ask('/x');
    await settle();
    expect(kit.origin.asked).toHaveLength(3);
  });
});

describe('what is born stale', () => {
  it.each(['max-age=0', 'no-cache'])('%s makes only its first wave wait for nothing', async (value) => {
    const kit = letterKit();
    await kit.exchange([], { headers: [...cc(value), ...TAG], body: 'x' });
    const wave = [kit.ask('/x'), kit.ask('/x'), kit.ask('/x')];
    await settle();
    expect(kit.origin.asked).toHaveLength(4);
    for (const asked of kit.origin.asked.slice(1)) asked.reply({ headers: cc('max-age=20'), body: 'y' });
    await Promise.all(wave);
    await settle();
    // It has a lifetime now: shared again.
    kit.clock.advance(21_000);
    void kit.ask('/x');
    void kit.ask('/x');
    await settle();
    expect(kit.origin.asked).toHaveLength(5);
  });

  it('takes no lease either', async () => {
    const kit = clusterKit(2, { site: letterSite(0) });
    for (let i = 0; i < 2; i++) {
      const answer = kit.a.ask('/x');
      await settle();
      kit.origin.last.reply({ headers: [...cc('no-cache'), ...TAG], body: 'x' });
      await bytesOf(await answer);
      await settle();
    }
    expect(kit.leases.claims).toEqual(['ours']);
  });

  it('by chance is waited for again soon', async () => {
    const kit = letterKit();
    await kit.exchange([], { headers: [...cc('max-age=60'), 'Age', '60', ...TAG], body: 'x' });
    kit.clock.advance(3000);
    void kit.ask('/x');
    void kit.ask('/x');
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
  });
});

it('a shared error of a dead origin is no refusal: the next wave is asked for once again', async () => {
  const kit = letterKit({ sieMs: 0 });
  const first = kit.ask('/x');
  await settle();
  kit.origin.last.fail(new ProxyError('origin_unreachable', 'refused'));
  await expect(first).rejects.toMatchObject({ code: 'origin_unreachable' });
  void kit.ask('/x').catch(() => {});
  void kit.ask('/x').catch(() => {});
  await settle();
  expect(kit.origin.asked).toHaveLength(2);
});
