import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { envelope, gzipped, keyringKit, v3, v4 } from './kit.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

test('the first key is asked with, as the route carries it', async () => {
  const kit = keyringKit([v3('one'), v3('two')]);
  await kit.ask();
  expect(kit.tmdb.sent[0]?.target).toBe('/3/movie/550?language=de&api_key=one');
  expect(kit.keyring.status().map(({ state }) => state)).toEqual(['in-use', 'ready']);
});

test.each([7, 10])(
  'a key refused with code %i is replaced within the request that found out',
  async (code) => {
    const kit = keyringKit([v3('one'), v3('two')]);
    kit.tmdb.refused.set('one', code);
    expect(await kit.ask()).toEqual({ status: 200, body: '{}' });
    expect(kit.used()).toEqual(['api_key=one', 'api_key=two']);
    expect(kit.told).toEqual([[1, code]]);
    // and nobody asks with it again
    await kit.ask();
    expect(kit.used().at(-1)).toBe('api_key=two');
    expect(kit.keyring.status().map(({ state }) => state)).toEqual(['refused', 'in-use']);
  },
);

test('a compressed refusal is understood, announced or not (TMDB.md, May 2026)', async () => {
  const kit = keyringKit([v3('one'), v3('two')]);
  kit.tmdb.answer = ({ target }) =>
    target.includes('api_key=one') ? { status: 401, body: gzipped(envelope(7)) } : undefined;
  expect((await kit.ask()).status).toBe(200);
});

test.each([3, 14, 17, 30, 31, 32, 33, 35, 36, 38, 39])(
  "a user's 401 (code %i) turns nobody's key away and arrives whole",
  async (code) => {
    const kit = keyringKit([v3('one'), v3('two')]);
    kit.tmdb.answer = () => ({ status: 401, body: envelope(code) });
    expect(await kit.ask()).toEqual({ status: 401, body: envelope(code).toString() });
    expect(kit.used()).toEqual(['api_key=one']);
    expect(kit.keyring.status()[0]?.state).toBe('in-use');
  },
);

test.each([
  ['an HTML page', Buffer.from('<html>code 7</html>')],
  ['a bare number', Buffer.from('7')],
  ['nothing', Buffer.alloc(0)],
  ['broken gzip', Buffer.from([0x1f, 0x8b, 7, 7, 7])],
  ['megabytes', Buffer.concat([envelope(7), Buffer.alloc(1_000_000, ' ')])],
  ['a bomb', gzipped(Buffer.concat([envelope(7), Buffer.alloc(10_000_000, ' ')]))],
])('a 401 with %s is no refusal and arrives whole', async (_what, body) => {
  const kit = keyringKit([v3('one'), v3('two')]);
  kit.tmdb.answer = () => ({ status: 401, body });
  expect(await kit.ask()).toEqual({ status: 401, body: body.toString() });
  expect(kit.tmdb.sent).toHaveLength(1);
});

test('v3 and v4 keys take each other’s place, in query and header', async () => {
  const first = keyringKit([v3('one'), v4('jwt')]);
  first.tmdb.refused.set('one', 7);
  await first.ask();
  expect(first.tmdb.sent[1]).toMatchObject({
    target: '/3/movie/550?language=de',
    headers: ['Accept', 'application/json', 'Authorization', 'Bearer jwt'],
  });
  const second = keyringKit([v4('jwt'), v3('o&e')]);
  second.tmdb.refused.set('jwt', 7);
  await second.ask({ target: '/3/configuration' });
  expect(second.tmdb.sent[1]).toMatchObject({
    target: '/3/configuration?api_key=o%26e',
    headers: ['Accept', 'application/json'],
  });
});

test('version 4 of the API gets a v4 token where there is one, and a v3 key where there is none', async () => {
  const both = keyringKit([v3('one'), v4('jwt')]);
  await both.ask({ target: '/4/list/1?api_key=one' });
  await both.ask({ target: '/3/movie/1?api_key=one' });
  expect(both.used()).toEqual(['Bearer jwt', 'api_key=one']);
  const single = keyringKit([v3('one')]);
  await single.ask({ target: '/4/list/1?api_key=one' });
  expect(single.used()).toEqual(['api_key=one']);
});

test('a user’s own credential is never replaced, nor overwritten to rotate ours', async () => {
  const kit = keyringKit([v3('one'), v4('jwt')]);
  kit.tmdb.refused.set('one', 7).set('theirs', 7).set('user', 7);
  await kit.ask({ target: '/3/account?api_key=theirs' });
  await kit.ask({ target: '/3/account', headers: ['Authorization', 'Bearer user'] });
  expect(kit.used()).toEqual(['api_key=theirs', 'Bearer user']);
  expect(kit.told).toEqual([]);
  // Ours beside a user's token: only another v3 key could take its place.
  const answer = await kit.ask({
    target: '/3/account?api_key=one',
    headers: ['authorization', 'Bearer user'],
  });
  expect(answer.status).toBe(401);
  expect(kit.used().at(-1)).toBe('api_key=one Bearer user');
  expect(kit.tmdb.sent).toHaveLength(3);
});

test('a client that knows one of our tokens, in whatever case, gets the rotation as well', async () => {
  const kit = keyringKit([v4('jwt'), v3('two')]);
  kit.tmdb.refused.set('jwt', 7);
  await kit.ask({ target: '/3/movie/1', headers: ['authorization', 'bearer  jwt'] });
  await kit.ask({ target: '/3/movie/1', headers: ['authorization', 'bearer  jwt'] });
  expect(kit.used()).toEqual(['bearer  jwt', 'api_key=two', 'api_key=two']);
});

test('a refused POST is not repeated, and the next one goes out with the other key', async () => {
  const kit = keyringKit([v3('one'), v3('two')]);
  kit.tmdb.refused.set('one', 7);
  const post = () => ({
    method: 'POST',
    target: '/3/movie/550/rating?api_key=one',
    retryable: false,
    body: Readable.from([Buffer.from('{}')]),
  });
  expect((await kit.ask(post())).status).toBe(401);
  expect(kit.tmdb.sent).toHaveLength(1);
  expect((await kit.ask(post())).status).toBe(200);
  expect(kit.used()).toEqual(['api_key=one', 'api_key=two']);
});

test('a client that has left costs no second request', async () => {
  const kit = keyringKit([v3('one'), v3('two')]);
  const leaving = new AbortController();
  kit.tmdb.refused.set('one', 7);
  kit.tmdb.answer = () => {
    leaving.abort();
    return undefined;
  };
  await kit.ask({ signal: leaving.signal });
  expect(kit.tmdb.sent).toHaveLength(1);
});

test('with every key refused the 401 goes on as it came, and each request is sent once', async () => {
  const kit = keyringKit([v3('one'), v3('two')]);
  kit.tmdb.refused.set('one', 7).set('two', 10);
  expect(await kit.ask()).toEqual({ status: 401, body: envelope(10).toString() });
  expect(kit.told).toEqual([
    [1, 7],
    [2, 10],
  ]);
  kit.tmdb.sent.length = 0;
  for (let i = 0; i < 10; i++) expect((await kit.ask()).status).toBe(401);
  expect(kit.tmdb.sent).toHaveLength(10);
  // each in turn, so that the first to be accepted again is found
  expect(new Set(kit.used())).toEqual(new Set(['api_key=one', 'api_key=two']));
  expect(kit.told).toHaveLength(2);
  kit.tmdb.refused.delete('two');
  const answers = [await kit.ask(), await kit.ask(), await kit.ask()];
  expect(answers.map(({ status }) => status).slice(1)).toEqual([200, 200]);
  expect(kit.keyring.status().map(({ state }) => state)).toEqual(['refused', 'in-use']);
});

test('a refused key is tried again later, by one request, whose client sees nothing of it', async () => {
  const kit = keyringKit([v3('one'), v3('two')]);
  kit.tmdb.refused.set('one', 7);
  await kit.ask();
  kit.clock.advance(MINUTE - 1);
  kit.tmdb.sent.length = 0;
  await kit.ask();
  expect(kit.used()).toEqual(['api_key=two']);
  kit.clock.advance(1);
  const answers = await Promise.all([kit.ask(), kit.ask(), kit.ask()]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(kit.used().filter((key) => key === 'api_key=one')).toHaveLength(1);
  // refused again: twice as long, and nobody is told twice
  kit.clock.advance(2 * MINUTE - 1);
  kit.tmdb.sent.length = 0;
  await kit.ask();
  expect(kit.used()).toEqual(['api_key=two']);
  expect(kit.told).toHaveLength(1);
  kit.tmdb.refused.clear();
  kit.clock.advance(1);
  await kit.ask();
  await kit.ask();
  expect(kit.used()).toEqual(['api_key=two', 'api_key=one', 'api_key=one']);
  expect(kit.keyring.status().map(({ state }) => state)).toEqual(['in-use', 'ready']);
});

test('a write is not the one that tries a refused key again', async () => {
  const kit = keyringKit([v3('one'), v3('two')]);
  kit.tmdb.refused.set('one', 7);
  await kit.ask();
  kit.clock.advance(MINUTE);
  const post = { method: 'POST', retryable: false, target: '/3/movie/550/rating?api_key=one' };
  expect((await kit.ask(post)).status).toBe(200);
});

test('the rest of a key that is refused again and again never exceeds an hour', async () => {
  const kit = keyringKit([v3('one'), v3('two')]);
  kit.tmdb.refused.set('one', 7);
  for (let i = 0; i < 20; i++) {
    await kit.ask();
    kit.clock.advance(60 * MINUTE);
  }
  await kit.ask();
  const until = Date.parse(kit.keyring.status()[0]!.refused_until!);
  expect(until - kit.clock.now()).toBe(60 * MINUTE);
});

test('many that were under way when a key was refused count as one', async () => {
  const kit = keyringKit([v3('one'), v3('two')]);
  kit.tmdb.refused.set('one', 7);
  await Promise.all(Array.from({ length: 50 }, () => kit.ask()));
  expect(kit.told).toHaveLength(1);
  expect(Date.parse(kit.keyring.status()[0]!.refused_until!)).toBe(kit.clock.now() + MINUTE);
});

test('a late success of a request sent before the refusal does not bring the key back', () => {
  const { keyring } = keyringKit([v3('one'), v3('two')]);
  const wanted = { path: '/3/movie/1', repeatable: true };
  const [slow, quick] = [keyring.choose(wanted)!, keyring.choose(wanted)!];
  keyring.refused(quick, 7);
  keyring.worked(slow);
  expect(keyring.choose(wanted)?.number).toBe(2);
});

test('an image carries no key of ours and gets none', async () => {
  const kit = keyringKit([v3('one')]);
  await kit.ask({ upstream: 'image', target: '/t/p/w500/a.jpg' });
  expect(kit.tmdb.sent[0]?.target).toBe('/t/p/w500/a.jpg');
});

test('what a parent with a key of its own says of that key is not held against ours', async () => {
  const parent = 'http://parent:6635';
  const kit = keyringKit([v3('one'), v3('two')], [parent]);
  kit.tmdb.answer = () => ({ status: 401, body: envelope(7), server: parent });
  expect((await kit.ask()).status).toBe(401);
  expect(kit.tmdb.sent).toHaveLength(1);
  expect(kit.keyring.status()[0]?.state).toBe('in-use');
});

test('other keys take the place of those before, for what was made with them as well', async () => {
  const kit = keyringKit([v3('one'), v3('two')]);
  kit.tmdb.refused.set('one', 7);
  await kit.ask();
  kit.keyring.replace([v3('three'), v3('one')]);
  expect(kit.keyring.status()).toMatchObject([
    { number: 1, state: 'in-use' },
    { number: 2, state: 'refused' }, // what TMDB has said of it is not forgotten
  ]);
  await kit.ask(); // a route with api_key=one
  expect(kit.used().at(-1)).toBe('api_key=three');
  kit.keyring.replace([v4('a.b.c')]);
  await kit.ask();
  expect(kit.used().at(-1)).toBe('Bearer a.b.c');
});
