import { describe, expect, it, test } from 'vitest';
import type { BodySource } from '../../../src/origin/source.js';
import { settle } from '../../support/fake-clock.js';
import type { Reply } from '../../support/scripted-origin.js';
import { bytesOf } from './engine-kit.js';
import { FRESH, fill, type Kit, kitOf, letter, stored, table, write } from './writes-kit.js';

describe('an answer to a POST, RFC 9110 section 9.3.3', () => {
  const ITSELF = ['Content-Location', '/x'];
  const reply = { headers: [...FRESH, ...ITSELF], body: 'posted' };

  test.each<[what: string, reply: Reply, kept: boolean, request?: string[]]>([
    ['with a lifetime and its own address', {}, true],
    ['whose address is absolute', { headers: [...FRESH, 'Content-Location', 'http://origin/x'] }, true],
    [
      'whose address is the public one',
      { headers: [...FRESH, 'Content-Location', 'https://public/m/x'] },
      true,
    ],
    ['with Expires', { headers: ['Expires', 'Sat, 03 Jan 2026 00:00:00 GMT', ...ITSELF] }, true],
    ['with a targeted lifetime', { headers: ['CDN-Cache-Control', 'max-age=9', ...ITSELF] }, true],
    ['201: of something that was made, not of what a GET would be sent', { status: 201 }, false],
    ['206', { status: 206, headers: [...reply.headers, 'Content-Range', 'bytes 0-5/6'] }, false],
    ['302', { status: 302 }, false],
    ['404', { status: 404 }, false],
    ['without a lifetime', { headers: ['Last-Modified', 'Sat, 01 Jan 2000 00:00:00 GMT', ...ITSELF] }, false],
    ['public alone is no lifetime', { headers: ['Cache-Control', 'public', ...ITSELF] }, false],
    ['no-store', { headers: ['Cache-Control', 'max-age=60, no-store', ...ITSELF] }, false],
    ['private', { headers: ['Cache-Control', 'max-age=60, private', ...ITSELF] }, false],
    ['without its address', { headers: FRESH }, false],
    ['another address', { headers: [...FRESH, 'Content-Location', '/y'] }, false],
    ['another query', { headers: [...FRESH, 'Content-Location', '/x?y'] }, false],
    ['another origin', { headers: [...FRESH, 'Content-Location', 'http://other/x'] }, false],
    ['Vary: *', { headers: [...reply.headers, 'Vary', '*'] }, false],
    ['to Authorization', {}, false, ['Authorization', 'Bearer t']],
    [
      'to Authorization, public',
      { headers: ['Cache-Control', 'max-age=60, public', ...ITSELF] },
      true,
      ['Authorization', 'Bearer t'],
    ],
    ['to no-store', {}, false, ['Cache-Control', 'no-store']],
    ['to a body', {}, true, ['Content-Length', '2', 'Content-Type', 'text/plain']],
  ])('%s', async (_what, differing, kept, request = []) => {
    const kit = kitOf({ bases: ['http://origin', 'https://public/m'] });
    expect(await write(kit, '/x', { ...reply, ...differing }, 'POST', request)).toBe('posted');
    expect(await stored(kit, '/x')).toBe(kept ? 'posted' : undefined);
    expect(kit.reported).toEqual([]);
  });

  test.each(['PUT', 'PATCH', 'DELETE', 'post'])('%s is not POST', async (method) => {
    const kit = kitOf();
    await write(kit, '/x', reply, method);
    expect(await stored(kit, '/x')).toBeUndefined();
  });

  it('takes the place of what was stored, as GET and HEAD see it; a POST asks again', async () => {
    const kit = kitOf();
    await fill(kit, '/x');
    await write(kit, '/x', reply);
    expect(await stored(kit, '/x')).toBe('posted');
    const head = await kit.ask('/x', { method: 'HEAD' });
    expect(head.outcome.result).toBe('hit');
    await write(kit, '/x', { body: 'again' });
    expect(kit.origin.asked).toHaveLength(3);
  });

  it('is stored whole or not at all', async () => {
    for (const broken of ['error', 'cancel'] as const) {
      const kit = kitOf();
      const answer = kit.ask('/x', { method: 'POST' });
      await settle();
      kit.origin.last.head(reply);
      const { body } = (await answer) as { body: BodySource };
      const got: string[] = [];
      body.start({
        data: (chunk) => got.push(chunk.toString()),
        end: () => got.push('end'),
        error: () => got.push('error'),
      });
      kit.origin.last.body.data(Buffer.from('post'));
      if (broken === 'error') kit.origin.last.body.error(new Error('cut off'));
      else body.cancel();
      await settle();
      expect(got).toEqual(broken === 'error' ? ['post', 'error'] : ['post']);
      expect(kit.origin.last.body.cancelled).toBe(broken === 'cancel');
      expect(await stored(kit, '/x')).toBeUndefined();
    }
  });

  it('larger than an entry may be reaches the client and is not stored, announced or not', async () => {
    for (const length of [[], ['Content-Length', '6']]) {
      const kit = kitOf({ maxEntryBytes: 5 });
      const headers = [...reply.headers, ...length];
      expect(await write(kit, '/x', { headers, body: 'posted' })).toBe('posted');
      expect(await stored(kit, '/x')).toBeUndefined();
    }
  });

  it('many at once hold no more than two of the largest entries, and what is over frees its share (I-17)', async () => {
    const kit = kitOf({ maxEntryBytes: 6 });
    const answers: Promise<string>[] = [];
    for (const target of ['/1', '/2', '/3']) {
      const answer = kit.ask(target, { method: 'POST' });
      await settle();
      kit.origin.last.head({ headers: [...FRESH, 'Content-Location', target] });
      answers.push(answer.then(bytesOf));
      kit.origin.last.body.data(Buffer.from('posted'));
      await settle();
    }
    for (const asked of kit.origin.asked) asked.body.end();
    for (const answer of answers) expect(await answer).toBe('posted');
    await settle();
    expect(await stored(kit, '/1')).toBe('posted');
    expect(await stored(kit, '/2')).toBe('posted');
    expect(await stored(kit, '/3')).toBeUndefined();
    await write(kit, '/x', reply);
    expect(await stored(kit, '/x')).toBe('posted');
  });

  it('flows at the pace of its client', async () => {
    const kit = kitOf();
    const answer = kit.ask('/x', { method: 'POST' });
    await settle();
    kit.origin.last.head(reply);
    const { body } = (await answer) as { body: BodySource };
    body.start({ data: () => body.pause(), end: () => {}, error: () => {} });
    kit.origin.last.body.data(Buffer.from('p'));
    expect(kit.origin.last.body.paused).toBe(true);
    body.resume();
    expect(kit.origin.last.body.paused).toBe(false);
  });

  it('a later purge drops it, also one that comes while its body arrives (I-2)', async () => {
    const kit = kitOf();
    await write(kit, '/x', reply);
    kit.purge({ kind: 'key', name: 'v1:custom:/x' });
    expect(await stored(kit, '/x')).toBeUndefined();

    const answer = kit.ask('/x', { method: 'POST' });
    await settle();
    kit.origin.last.head(reply);
    const body = answer.then(bytesOf);
    await settle();
    kit.purge({ kind: 'key', name: 'v1:custom:/x' });
    kit.origin.last.body.data(Buffer.from('posted'));
    kit.origin.last.body.end();
    expect(await body).toBe('posted');
    await settle();
    expect(await stored(kit, '/x')).toBeUndefined();
  });

  test.each([
    { kind: 'key', name: 'v1:custom:/x' },
    { kind: 'tag', name: 'path:/x' },
    { kind: 'tag', name: 'group:g' },
    { kind: 'prefix', name: 'v1:custom:/' },
    { kind: 'all' },
  ] as const)(
    'is from before a purge that came while the origin was at work: $kind $name (I-2)',
    async (scope) => {
      const kit = kitOf();
      const grouped = { ...reply, headers: [...reply.headers, 'Cache-Groups', '"g"'] };
      for (const [named, kept] of [
        [{ kind: 'key', name: 'v1:custom:/other' }, 'posted'],
        [scope, undefined],
      ] as const) {
        const answer = kit.ask('/x', { method: 'POST' });
        await settle();
        kit.purge(named);
        kit.origin.last.reply(grouped);
        expect(await bytesOf(await answer)).toBe('posted');
        await settle();
        expect(await stored(kit, '/x')).toBe(kept);
      }
    },
  );

  it('of the earlier of two writes does not outlive the later, in whatever order they are answered', async () => {
    const kit = kitOf();
    const earlier = kit.ask('/x', { method: 'POST' });
    await settle();
    const later = kit.ask('/x', { method: 'POST' });
    await settle();
    kit.origin.asked[1]!.reply({ ...reply, body: 'later' });
    await bytesOf(await later);
    kit.origin.asked[0]!.reply({ ...reply, body: 'earlier' });
    await bytesOf(await earlier);
    await settle();
    expect(await stored(kit, '/x')).toBeUndefined();
  });

  it('does not take the place of a GET that was asked for after it', async () => {
    const kit = kitOf();
    const answer = kit.ask('/x', { method: 'POST' });
    await settle();
    const posted = kit.origin.last;
    posted.head(reply);
    const body = answer.then(bytesOf);
    await settle();
    await fill(kit, '/x', [], 'newer');
    posted.body.data(Buffer.from('posted'));
    posted.body.end();
    await body;
    await settle();
    expect(await stored(kit, '/x')).toBe('newer');
  });

  it('is not stored where it is not known what else was purged (Redis is away)', async () => {
    const kit: Kit = kitOf({ purgeWritten: async (scopes) => kit.purgeAll(scopes, () => {}) });
    await write(kit, '/x', reply);
    expect(await stored(kit, '/x')).toBeUndefined();
  });

  it('has the variant of the request that it answered', async () => {
    const kit = kitOf();
    const headers = [...reply.headers, 'Vary', 'Accept-Language'];
    await write(kit, '/x', { ...reply, headers }, 'POST', ['Accept-Language', 'de']);
    expect(await stored(kit, '/x', ['Accept-Language', 'de'])).toBe('posted');
    expect(await stored(kit, '/x', ['Accept-Language', 'en'])).toBeUndefined();
  });

  it('survives the groups that it drops itself', async () => {
    const kit = kitOf();
    const groups = ['Cache-Groups', '"a"', 'Cache-Group-Invalidation', '"a"'];
    await fill(kit, '/a', ['Cache-Groups', '"a"']);
    await write(kit, '/x', { ...reply, headers: [...reply.headers, ...groups] });
    expect(await stored(kit, '/a')).toBeUndefined();
    expect(await stored(kit, '/x')).toBe('posted');
  });

  it('is never stored under the class table', async () => {
    const kit = kitOf({ site: table });
    await write(kit, '/x', reply);
    expect(await stored(kit, '/x')).toBeUndefined();
  });

  it('that cannot be stored is reported', async () => {
    const kit = kitOf({
      site: {
        ...letter,
        inspect: () => {
          throw new Error('broken');
        },
      },
    });
    expect(await write(kit, '/x', reply)).toBe('posted');
    expect(kit.reported).toEqual(['internal']);
  });
});
