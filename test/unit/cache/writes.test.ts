import { describe, expect, it, test } from 'vitest';
import { ProxyError } from '../../../src/errors.js';
import { createGenericPolicy } from '../../../src/generic/policy.js';
import { createTmdbPolicy } from '../../../src/tmdb/policy.js';
import { settle } from '../../support/fake-clock.js';
import { bytesOf, engineKit, type KitOverrides } from './engine-kit.js';
import { exchange, FRESH, fill, generic, kitOf, letter, stored, table, times, write } from './writes-kit.js';

describe('invalidation, RFC 9111 section 4.4', () => {
  test.each<[method: string, status: number, stays: boolean]>([
    ['POST', 200, false],
    ['PUT', 201, false],
    ['PATCH', 204, false],
    ['DELETE', 204, false],
    ['M-SEARCH', 200, false],
    ['POST', 302, false],
    ['POST', 303, false],
    ['POST', 400, true],
    ['DELETE', 404, true],
    ['PUT', 409, true],
    ['POST', 500, true],
    ['POST', 503, true],
    ['OPTIONS', 200, true],
  ])('%s answered with %s', async (method, status, stays) => {
    const kit = kitOf();
    await fill(kit, '/x');
    await fill(kit, '/other');
    await write(kit, '/x', { status }, method);
    expect(await stored(kit, '/x')).toBe(stays ? 'old' : undefined);
    expect(await stored(kit, '/other')).toBe('old');
  });

  test.each<[field: string, reference: string, stays: boolean]>([
    ['Location', '/x?y', false],
    ['Content-Location', '/x?y', false],
    ['Location', 'x?y', false],
    ['Location', 'http://origin/x?y#f', false],
    ['Location', 'http://user@origin/x?y', false],
    ['Location', 'http://other/x?y', true],
    ['Location', 'http://origin:81/x?y', true],
    ['Location', '/x', true],
    ['Location', 'http://[', true],
    ['Link', '</x?y>', true],
  ])('%s: %s', async (field, reference, stays) => {
    const kit = kitOf();
    await fill(kit, '/x?y');
    await write(kit, '/form', { status: 201, headers: [field, reference] });
    expect(await stored(kit, '/x?y')).toBe(stays ? 'old' : undefined);
    await write(kit, '/form', { status: 500, headers: ['Location', '/x?y'] });
    expect(await stored(kit, '/x?y')).toBe(stays ? 'old' : undefined);
  });

  it('drops every variant', async () => {
    const kit = kitOf();
    for (const language of ['de', 'en']) {
      const reply = { headers: [...FRESH, 'Vary', 'Accept-Language'], body: language };
      await exchange(kit, '/x', reply, { headers: ['Accept-Language', language] });
    }
    expect(await stored(kit, '/x', ['Accept-Language', 'de'])).toBe('de');
    await write(kit, '/x', {});
    expect(await stored(kit, '/x', ['Accept-Language', 'de'])).toBeUndefined();
    expect(await stored(kit, '/x', ['Accept-Language', 'en'])).toBeUndefined();
  });

  it('does not bring back what is stale, not even when the origin fails', async () => {
    const kit = kitOf({ site: { ...letter, times: () => ({ ...times, sieMs: 600_000 }) } });
    await fill(kit, '/x');
    await write(kit, '/x', {});
    const answer = kit.ask('/x');
    await settle();
    kit.origin.last.fail();
    await expect(answer).rejects.toMatchObject({ code: 'origin_unreachable' });
  });

  it('holds before the client hears that the write succeeded', async () => {
    let acknowledge = (_number: number) => {};
    const purgeWritten = () => new Promise<number>((resolve) => (acknowledge = resolve));
    const kit = kitOf({ purgeWritten });
    let heard = false;
    const answer = kit.ask('/x', { method: 'POST' }).then(() => (heard = true));
    await settle();
    kit.origin.last.reply({ headers: [], body: '' });
    await settle();
    expect(heard).toBe(false);
    acknowledge(1);
    await answer;
  });

  it('that fails does not fail the write, and is reported', async () => {
    const purgeWritten = () => Promise.reject(new ProxyError('internal', 'the disk is full'));
    const kit = kitOf({ purgeWritten });
    const headers = ['Cache-Control', 'max-age=60', 'Content-Location', '/x'];
    expect(await write(kit, '/x', { headers, body: 'done' })).toBe('done');
    expect(kit.reported).toEqual(['internal']);
    expect(await stored(kit, '/x')).toBeUndefined();
  });

  it('a GET under way during the write is not stored, and nobody after the write joins it (I-3)', async () => {
    const kit = kitOf();
    const before = kit.ask('/x');
    await settle();
    const [early] = kit.origin.asked;
    await write(kit, '/x', {});
    const after = kit.ask('/x');
    await settle();
    expect(kit.origin.asked).toHaveLength(3);
    early!.reply({ headers: FRESH, body: 'before' });
    expect(await bytesOf(await before)).toBe('before');
    await settle();
    expect(await stored(kit, '/x')).toBeUndefined();
    kit.origin.last.reply({ headers: FRESH, body: 'after' });
    expect(await bytesOf(await after)).toBe('after');
    await settle();
    expect(await stored(kit, '/x')).toBe('after');
  });

  it('reaches what was stored before the cache was switched off', async () => {
    const kit = kitOf();
    await fill(kit, '/x');
    const off = engineKit({
      site: createGenericPolicy({ ...generic, cacheEnabled: false }),
      purgeWritten: async (scopes, onNumbered) => kit.purgeAll(scopes, onNumbered),
    });
    await write(off, '/x', {});
    expect(await stored(kit, '/x')).toBeUndefined();
  });

  it('under the class table too', async () => {
    const kit = kitOf({ site: table });
    await fill(kit, '/x');
    await write(kit, '/form', { headers: ['Location', '/x'] });
    expect(await stored(kit, '/x')).toBeUndefined();
  });

  it('of TMDB: a rating drops its own address, whoever sends it; personal addresses name nothing', async () => {
    const site = createTmdbPolicy({
      kind: 'tmdb',
      ttlPolicy: 'content-type',
      classes: new Proxy({}, { get: () => times, has: () => true }) as never,
      cacheEnabled: true,
      viaPseudonym: 'p',
      credentials: [],
      userAgent: 'p',
    });
    const purged: unknown[] = [];
    const purgeWritten: KitOverrides['purgeWritten'] = async (scopes) => purged.push(...scopes);
    const kit = kitOf({ site, purgeWritten });
    await write(kit, '/3/movie/550/rating?api_key=K', { status: 201 });
    expect(purged).toEqual([{ kind: 'key', name: 'v1:api:/3/movie/550/rating' }]);
    await write(kit, '/3/movie/550/rating?session_id=S', { status: 201 });
    await write(kit, '/3/account/1/favorite', { status: 201 });
    expect(purged).toHaveLength(1);
  });
});

describe('groups, RFC 9875', () => {
  const INVALIDATES = ['Cache-Group-Invalidation', '"b"'];

  it('a write drops every stored response of the groups it names, and no other', async () => {
    const kit = kitOf();
    await fill(kit, '/ab', ['Cache-Groups', '"a", "b"']);
    await fill(kit, '/a', ['Cache-Groups', '"a"']);
    await fill(kit, '/none');
    await write(kit, '/form', { headers: INVALIDATES });
    expect(await stored(kit, '/ab')).toBeUndefined();
    expect(await stored(kit, '/a')).toBe('old');
    expect(await stored(kit, '/none')).toBe('old');
  });

  test.each([
    ['GET', 200, true],
    ['OPTIONS', 200, true],
    ['DELETE', 404, false],
    ['POST', 500, false],
  ])('%s answered with %s', async (method, status, stays) => {
    const kit = kitOf();
    await fill(kit, '/b', ['Cache-Groups', '"b"']);
    await write(kit, '/form', { status, headers: [...INVALIDATES, 'Cache-Control', 'no-store'] }, method);
    expect(await stored(kit, '/b')).toBe(stays ? 'old' : undefined);
  });

  it('a group is joined by a 304 as well', async () => {
    const kit = kitOf();
    await fill(kit, '/x', ['ETag', '"1"']);
    kit.clock.advance(61_000);
    const answer = kit.ask('/x');
    await settle();
    kit.origin.last.reply({
      status: 304,
      headers: [...FRESH, 'ETag', '"1"', 'Cache-Groups', '"b"'],
      body: '',
    });
    await answer;
    await settle();
    expect(await stored(kit, '/x')).toBe('old');
    await write(kit, '/form', { headers: INVALIDATES });
    expect(await stored(kit, '/x')).toBeUndefined();
  });

  it('a fill under way may belong to any group: nobody joins it after one is dropped; other purges leave it', async () => {
    const kit = kitOf();
    const first = kit.ask('/x');
    await settle();
    kit.purge({ kind: 'tag', name: 'path:/y' });
    const joined = kit.ask('/x');
    await settle();
    expect(kit.origin.asked).toHaveLength(1);
    kit.purge({ kind: 'tag', name: 'group:b' });
    const alone = kit.ask('/x');
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    kit.origin.asked[0]!.reply({ headers: [...FRESH, 'Cache-Groups', '"b"'], body: 'old' });
    kit.origin.asked[1]!.reply({ headers: [...FRESH, 'Cache-Groups', '"b"'], body: 'new' });
    for (const answer of [first, joined]) expect(await bytesOf(await answer)).toBe('old');
    expect(await bytesOf(await alone)).toBe('new');
    await settle();
    expect(await stored(kit, '/x')).toBe('new');
  });

  it('mean nothing under the class table', async () => {
    const kit = kitOf({ site: table });
    await fill(kit, '/b', ['Cache-Groups', '"b"']);
    await write(kit, '/form', { headers: INVALIDATES });
    expect(await stored(kit, '/b')).toBe('old');
    // Nor do they spend purges: a write that failed has changed nothing.
    const purged = kit.purges.stamp();
    await write(kit, '/form', { status: 404, headers: INVALIDATES });
    expect(kit.purges.stamp()).toBe(purged);
  });
});
