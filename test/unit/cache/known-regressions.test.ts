import { describe, expect, it, test } from 'vitest';
import { field } from '../../../src/http/headers.js';
import { ageAt } from '../../../src/tiers/entry.js';
import { settle } from '../../support/fake-clock.js';
import type { Reply } from '../../support/scripted-origin.js';
import { bytesOf, engineKit, plainSite } from './engine-kit.js';

/** Harm that other caches have done, by the letter of RFC 9111: the route carries the client's fields, as generic/ does. */
function letterKit() {
  return engineKit({
    honourMaxStale: true,
    site: {
      ttlPolicy: 'origin',
      transforms: false,
      route: (request) => {
        const route = plainSite.route(request);
        return route.kind === 'shared' ? { ...route, headers: request.headers } : route;
      },
      inspect: () => undefined,
    },
  });
}
type Kit = ReturnType<typeof letterKit>;

const SECOND = 1000;
const cc = (value: string, ...more: string[]) => ['Cache-Control', value, ...more];

/** Asks, and answers each request that the origin gets for it. */
async function ask(kit: Kit, reply: Reply, headers: string[] = []) {
  const before = kit.origin.asked.length;
  const answer = kit.ask('/x', { headers });
  let seen = before;
  await settle();
  while (seen < kit.origin.asked.length) {
    kit.origin.asked[seen++]!.reply(reply);
    await settle();
  }
  const got = await answer;
  const body = await bytesOf(got);
  await settle();
  return { got, body, asked: kit.origin.asked.length - before };
}

const STRICT = ['must-revalidate', 'proxy-revalidate', 's-maxage=1'];

describe('a response that forbids stale answers', () => {
  test.each(STRICT)('%s is not served stale under max-stale', async (directive) => {
    const kit = letterKit();
    await ask(kit, { headers: cc(`max-age=1, ${directive}`, 'ETag', '"1"'), body: 'old' });
    kit.clock.advance(5 * SECOND);
    const again = await ask(kit, { headers: cc('max-age=1'), body: 'new' }, cc('max-stale'));
    expect(again).toMatchObject({ body: 'new', asked: 1 });
  });

  test.each(STRICT)('%s is not served stale when the origin is down', async (directive) => {
    const kit = letterKit();
    await ask(kit, { headers: cc(`max-age=1, ${directive}, stale-if-error=900`, 'ETag', '"1"') });
    kit.clock.advance(5 * SECOND);
    const answer = kit.ask('/x');
    await settle();
    kit.origin.last.fail();
    await expect(answer).rejects.toMatchObject({ code: 'origin_unreachable' });
  });

  test.each(STRICT)('%s is not served stale when the origin answers 503', async (directive) => {
    const kit = letterKit();
    await ask(kit, { headers: cc(`max-age=1, ${directive}, stale-if-error=900`, 'ETag', '"1"') });
    kit.clock.advance(5 * SECOND);
    expect((await ask(kit, { status: 503, headers: [], body: 'down' })).body).toBe('down');
  });
});

it('max-stale is honoured for what allows stale answers', async () => {
  const kit = letterKit();
  await ask(kit, { headers: cc('max-age=1'), body: 'old' });
  kit.clock.advance(5 * SECOND);
  expect((await ask(kit, { body: 'new' }, cc('max-stale=10'))).body).toBe('old');
});

describe('no-cache', () => {
  it('with an ETag is stored, and each request validates it', async () => {
    const kit = letterKit();
    const headers = cc('max-age=60, no-cache', 'ETag', '"1"');
    await ask(kit, { headers, body: 'kept' });
    for (let i = 0; i < 2; i++) {
      const again = await ask(kit, { status: 304, headers, body: '' });
      expect(again).toMatchObject({ body: 'kept', asked: 1 });
      expect(field(kit.origin.last.request.headers, 'if-none-match')).toBe('"1"');
    }
  });

  it('beside stale-while-revalidate is not served unvalidated', async () => {
    const kit = letterKit();
    await ask(kit, {
      headers: cc('max-age=60, no-cache, stale-while-revalidate=900', 'ETag', '"1"'),
      body: 'old',
    });
    expect(await ask(kit, { headers: cc('no-cache'), body: 'new' })).toMatchObject({ body: 'new', asked: 1 });
  });
});

it('NO-STORE in capitals is not stored', async () => {
  const kit = letterKit();
  await ask(kit, { headers: cc('NO-STORE, MAX-AGE=60'), body: 'one' });
  expect(await ask(kit, { headers: cc('NO-STORE, MAX-AGE=60'), body: 'two' })).toMatchObject({ body: 'two' });
  expect(kit.memory.peek('/x')).toBeUndefined();
});

it('a one-byte 206 that nobody asked for is not what the next client gets for the whole', async () => {
  const kit = letterKit();
  const headers = cc('max-age=60', 'Content-Range', 'bytes 0-0/5', 'ETag', '"1"');
  await ask(kit, { status: 206, headers, body: 'w' });
  const whole = await ask(kit, { headers: cc('max-age=60', 'ETag', '"1"'), body: 'whole' });
  expect(whole).toMatchObject({ body: 'whole', asked: 1 });
});

it('the Age a response was stored with does not outlive its validation', async () => {
  const kit = letterKit();
  await ask(kit, { headers: cc('max-age=60', 'Age', '50', 'ETag', '"1"'), body: 'kept' });
  kit.clock.advance(20 * SECOND);
  await ask(kit, { status: 304, headers: cc('max-age=60', 'ETag', '"1"'), body: '' });
  kit.clock.advance(30 * SECOND);
  const { got, body, asked } = await ask(kit, { body: 'new' });
  expect({ body, asked }).toEqual({ body: 'kept', asked: 0 });
  if (got.kind !== 'entry') throw new Error('expected a stored answer');
  expect(ageAt(got.entry, kit.clock.now())).toBe(30_000);
  expect(field(got.entry.headers, 'age')).toBeUndefined();
});

describe('a 304 that adds Vary', () => {
  const VARIED = cc('max-age=60', 'ETag', '"1"', 'Vary', 'Accept-Language');

  it('leaves no variant that another language gets', async () => {
    const kit = letterKit();
    const english = ['Accept-Language', 'en'];
    await ask(kit, { headers: cc('max-age=1', 'ETag', '"1"'), body: 'hello' }, english);
    kit.clock.advance(5 * SECOND);
    await ask(kit, { status: 304, headers: VARIED, body: '' }, english);
    const german = await ask(kit, { headers: VARIED, body: 'hallo' }, ['Accept-Language', 'de']);
    expect(german).toMatchObject({ body: 'hallo', asked: 1 });
    expect(await ask(kit, { body: '' }, english)).toMatchObject({ body: 'hello', asked: 0 });
  });

  it('leaves none in L2 either, from where another process would answer', async () => {
    const kit = letterKit();
    const english = ['Accept-Language', 'en'];
    await ask(kit, { headers: cc('max-age=1', 'ETag', '"1"'), body: 'hello' }, english);
    kit.clock.advance(5 * SECOND);
    await ask(kit, { status: 304, headers: VARIED, body: '' }, english);
    await kit.memory.clear();
    const german = await ask(kit, { headers: VARIED, body: 'hallo' }, ['Accept-Language', 'de']);
    expect(german).toMatchObject({ body: 'hallo', asked: 1 });
  });

  it('of a star is not reused at all', async () => {
    const kit = letterKit();
    await ask(kit, { headers: cc('max-age=1', 'ETag', '"1"'), body: 'one' });
    kit.clock.advance(5 * SECOND);
    const starred = cc('max-age=60', 'ETag', '"1"', 'Vary', '*');
    await ask(kit, { status: 304, headers: starred, body: '' });
    expect(await ask(kit, { headers: cc('max-age=60'), body: 'two' })).toMatchObject({
      body: 'two',
      asked: 1,
    });
  });
});

it('what turns uncacheable is asked for once, not once to validate and once to deliver', async () => {
  const kit = letterKit();
  await ask(kit, { headers: cc('max-age=1', 'ETag', '"1"'), body: 'old' });
  kit.clock.advance(5 * SECOND);
  const again = await ask(kit, { headers: cc('no-store'), body: 'new' });
  expect(again).toMatchObject({ body: 'new', asked: 1 });
});
