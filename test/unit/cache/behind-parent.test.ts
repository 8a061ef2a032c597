import { describe, expect, it } from 'vitest';
import type { SharedRoute } from '../../../src/cache/site.js';
import { settle } from '../../support/fake-clock.js';
import { bytesOf, engineKit, plainSite } from './engine-kit.js';

const JSON_TYPE = ['Content-Type', 'application/json', 'ETag', 'W/"1"'];
/** Fields of a parent's answer that it has had for `age` seconds and calls fresh for another `ttl`. */
const fromParent = (age: number, ttl = 3000) => [
  ...JSON_TYPE,
  'X-TMDB-Proxy',
  'us-1',
  'Age',
  String(age),
  'Cache-Status',
  `us-1; hit; ttl=${ttl}`,
];

describe('I-1: a purge here holds although the parent has not heard of it', () => {
  it.each([
    ['hard', false],
    ['soft', true],
  ])('%s: the older copy of the parent is refused, and TMDB asked directly', async (_, soft) => {
    const { ask, origin, purge, clock } = engineKit();
    clock.advance(60_000);
    purge({ kind: 'tag', name: 'tag:/3/movie/1' }, soft);
    clock.advance(10_000);
    const answer = ask('/3/movie/1');
    await settle();
    origin.last.reply({ headers: fromParent(30), body: '{"title":"older"}' });
    await settle();
    expect(origin.asked.map(({ request }) => request.direct)).toEqual([false, true]);
    origin.last.reply({ headers: JSON_TYPE, body: '{"title":"newer"}' });
    expect(await bytesOf(await answer)).toBe('{"title":"newer"}');
  });

  it('Age is in whole seconds: a copy that may be from before the purge is refused', async () => {
    const { ask, origin, purge, clock } = engineKit();
    clock.advance(60_000);
    purge({ kind: 'all' });
    clock.advance(10_500);
    void ask('/3/movie/1').catch(() => {});
    await settle();
    origin.last.reply({ headers: fromParent(10), body: '{"id":1}' });
    await settle();
    expect(origin.asked.map(({ request }) => request.direct)).toEqual([false, true]);
  });

  it('a copy that the parent fetched after the purge is taken', async () => {
    const { ask, origin, purge, clock } = engineKit();
    purge({ kind: 'all' });
    clock.advance(10_000);
    const answer = ask('/3/movie/1');
    await settle();
    origin.last.reply({ headers: fromParent(8), body: '{"id":1}' });
    expect(await bytesOf(await answer)).toBe('{"id":1}');
    expect(origin.asked).toHaveLength(1);
  });

  it('a prefix counts, and a purge of something else does not', async () => {
    const { ask, origin, purge, clock } = engineKit();
    purge({ kind: 'prefix', name: '/3/tv' });
    clock.advance(10_000);
    for (const path of ['/3/movie/1', '/3/tv/1']) {
      void ask(path);
      await settle();
      origin.last.reply({ headers: fromParent(30), body: '{"id":1}' });
      await settle();
    }
    expect(origin.asked.map(({ request }) => request.target)).toEqual(['/3/movie/1', '/3/tv/1', '/3/tv/1']);
  });

  it("a parent's 304 does not renew what was purged softly", async () => {
    const { ask, origin, purge, clock } = engineKit();
    const first = ask('/3/movie/1');
    await settle();
    origin.last.reply({ headers: fromParent(0), body: '{"title":"older"}' });
    await bytesOf(await first);
    await settle();
    clock.advance(10_000);
    purge({ kind: 'key', name: '/3/movie/1' }, true);
    clock.advance(20 * 60_000); // beyond stale-while-revalidate
    const second = ask('/3/movie/1');
    await settle();
    origin.last.reply({ status: 304, headers: fromParent(1210), body: '' });
    await settle();
    expect(origin.last.request).toMatchObject({ direct: true });
    origin.last.reply({ headers: JSON_TYPE, body: '{"title":"newer"}' });
    expect(await bytesOf(await second)).toBe('{"title":"newer"}');
  });

  it('an origin that is asked directly and still looks like a parent is asked no third time', async () => {
    const { ask, origin, purge } = engineKit();
    purge({ kind: 'all' });
    const answer = ask('/3/movie/1');
    await settle();
    for (let i = 0; i < 2; i++) {
      origin.last.reply({ headers: fromParent(30), body: '{"id":1}' });
      await settle();
    }
    expect((await answer).kind).toBe('arriving');
    expect(origin.asked).toHaveLength(2);
  });
});

describe('I-6: a parent that serves stale because TMDB is down', () => {
  it('is asked once by requests that wait for the same answer, not by each', async () => {
    const { ask, origin } = engineKit();
    const answers = [ask('/3/movie/1'), ask('/3/movie/1'), ask('/3/movie/1')];
    await settle();
    origin.last.reply({ headers: fromParent(3630, -30), body: '{"id":1}' });
    await settle();
    expect(origin.asked).toHaveLength(1);
    for (const answer of answers) expect(await bytesOf(await answer)).toBe('{"id":1}');
  });
});

describe('two proxies that are each other’s parent', () => {
  const site = {
    route: (request: Parameters<typeof plainSite.route>[0]) => {
      const route = plainSite.route(request) as SharedRoute;
      return { ...route, forProxy: request.headers.includes('CDN-Loop') };
    },
  };

  it('what a proxy asks waits a second for a flight of ours, then goes alone: no deadlock', async () => {
    const { ask, origin, clock } = engineKit({ site });
    const ours = ask('/3/movie/1');
    const theirs = ask('/3/movie/1', { headers: ['CDN-Loop', 'other'] });
    await settle();
    expect(origin.asked).toHaveLength(1);
    clock.advance(1000);
    await settle();
    expect(origin.asked).toHaveLength(2);
    origin.asked[1]?.reply({ body: '{"id":1}' });
    expect(await bytesOf(await theirs)).toBe('{"id":1}');
    origin.asked[0]?.reply({ body: '{"id":1}' });
    expect(await bytesOf(await ours)).toBe('{"id":1}');
  });

  it('I-6: within that second it shares our request', async () => {
    const { ask, origin, clock } = engineKit({ site });
    const answers = [ask('/3/movie/1'), ask('/3/movie/1', { headers: ['CDN-Loop', 'other'] })];
    await settle();
    clock.advance(900);
    origin.last.reply({ body: '{"id":1}' });
    for (const answer of await Promise.all(answers)) expect(await bytesOf(answer)).toBe('{"id":1}');
    expect(origin.asked).toHaveLength(1);
  });
});
