import { describe, expect, it, vi } from 'vitest';
import { ProxyError } from '../../../src/errors.js';
import { settle } from '../../support/fake-clock.js';
import { eventually, PATIENCE_MS } from '../../support/patience.js';
import { bytesOf, CREDENTIAL, engineKit } from './engine-kit.js';

const MINUTE = 60_000;

const IMAGE = { headers: ['Content-Type', 'image/jpeg'] };

/** Fills `target` and lets the entry reach both tiers. */
async function filled(kit: ReturnType<typeof engineKit>, target: string, body = '{"id":550}') {
  const answer = kit.ask(target);
  await settle();
  kit.origin.last.reply({ body });
  await bytesOf(await answer);
  await settle();
}

describe('a hit', () => {
  it('is answered from memory without asking the origin again', async () => {
    const kit = engineKit();
    await filled(kit, '/3/movie/550');
    const answer = await kit.ask('/3/movie/550');
    expect(answer).toMatchObject({ kind: 'entry', outcome: { result: 'hit', served: 'memory', ttl: 3600 } });
    expect(kit.origin.asked).toHaveLength(1);
  });

  it('comes from L2 when memory has forgotten it, and is in memory afterwards', async () => {
    const kit = engineKit();
    await filled(kit, '/3/movie/550');
    await kit.memory.clear();
    expect((await kit.ask('/3/movie/550')).outcome.result).toBe('hit');
    expect(kit.memory.peek('/3/movie/550')).toBeDefined();
    expect(kit.origin.asked).toHaveLength(1);
  });

  it('looks at L2 again after the memory TTL and takes the newer entry there (another worker filled it)', async () => {
    const kit = engineKit();
    await filled(kit, '/a', 'old');
    const newer = {
      ...kit.memory.peek('/a')!.entry,
      body: Buffer.from('new'),
      storedAt: kit.clock.now() + 1,
    };
    await kit.l2.set(newer);
    expect(await bytesOf(await kit.ask('/a'))).toBe('old');
    kit.clock.advance(16 * MINUTE);
    expect(await bytesOf(await kit.ask('/a'))).toBe('new');
  });
});

describe('what may not be stored', () => {
  it.each([401, 403, 429, 500, 502, 503])('a %i is passed on and asked for again', async (status) => {
    const kit = engineKit();
    const first = kit.ask('/x');
    await settle();
    kit.origin.last.reply({ status });
    expect(await first).toMatchObject({ kind: 'raw', outcome: { stored: false } });
    await settle();
    void kit.ask('/x').catch(() => {});
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
  });

  it('a 200 with an error envelope is delivered, not kept, and not said to be', async () => {
    const kit = engineKit();
    const answer = kit.ask('/x');
    await settle();
    kit.origin.last.reply({ body: '{"success":false,"status_code":21}' });
    expect(await answer).toMatchObject({
      kind: 'raw',
      outcome: { stored: false, noStore: 'error-envelope' },
    });
    expect(kit.memory.peek('/x')).toBeUndefined();
  });

  it.each([
    ['Cache-Control', 'no-store'],
    ['Cache-Control', 'private'],
    ['Cache-Control', 'public, max-age=0'],
    ['Set-Cookie', 'a=b'],
  ])('%s: %s', async (name, value) => {
    const kit = engineKit();
    const answer = kit.ask('/x');
    await settle();
    kit.origin.last.reply({ headers: [name, value, 'Content-Type', 'application/json'] });
    expect(await answer).toMatchObject({ kind: 'raw', outcome: { stored: false } });
  });

  it('JSON that breaks off is asked for once more, since nobody has seen any of it', async () => {
    const kit = engineKit();
    const answer = kit.ask('/x');
    await settle();
    kit.origin.last.head();
    kit.origin.last.body.data(Buffer.from('{"id'));
    kit.origin.last.body.error(new Error('closed'));
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    kit.origin.last.reply({ body: 'whole' });
    expect(await bytesOf(await answer)).toBe('whole');
  });

  it('JSON that breaks off twice is an honest error, not a broken connection', async () => {
    const kit = engineKit();
    const answer = kit.ask('/x');
    for (let attempt = 0; attempt < 2; attempt++) {
      await settle();
      kit.origin.last.head();
      kit.origin.last.body.data(Buffer.from('{"id'));
      kit.origin.last.body.error(new ProxyError('origin_timeout', 'silent'));
    }
    await expect(answer).rejects.toMatchObject({ code: 'origin_timeout', status: 504 });
  });

  it('an image that breaks off is an error for the reader and leaves no entry', async () => {
    const kit = engineKit();
    const answer = kit.ask('/x');
    await settle();
    kit.origin.last.head(IMAGE);
    kit.origin.last.body.data(Buffer.alloc(100));
    const got = bytesOf(await answer);
    kit.origin.last.body.error(new Error('closed'));
    await expect(got).rejects.toThrow('closed');
    await settle();
    expect(kit.memory.peek('/x')).toBeUndefined();
    expect(kit.engine.filler.flights.size).toBe(0);
  });
});

describe('collapsing (I-6)', () => {
  it('200 concurrent misses make one origin request, and each gets all bytes', async () => {
    const kit = engineKit();
    const answers = Array.from({ length: 200 }, () => kit.ask('/x'));
    await settle();
    expect(kit.origin.asked).toHaveLength(1);
    kit.origin.last.reply({ body: 'whole' });
    for (const answer of await Promise.all(answers)) expect(await bytesOf(answer)).toBe('whole');
  });

  it("a follower reads what has arrived before the leader's last byte", async () => {
    const kit = engineKit();
    const leader = kit.ask('/x');
    await settle();
    kit.origin.last.head(IMAGE);
    kit.origin.last.body.data(Buffer.from('first sixteen bytes '));
    const follower = await kit.ask('/x');
    expect(follower.outcome.collapsed).toBe(true);
    const seen: string[] = [];
    if (follower.kind !== 'arriving') throw new Error('expected a body that is still arriving');
    follower.body.start({
      data: (chunk) => seen.push(chunk.toString()),
      end: () => seen.push('end'),
      error: () => {},
    });
    await leader;
    await settle();
    expect(seen).toEqual(['first sixteen bytes ']);
    kit.origin.last.body.data(Buffer.from('last'));
    kit.origin.last.body.end();
    expect(seen).toEqual(['first sixteen bytes ', 'last', 'end']);
  });

  it('a leader that hangs up harms nobody (I-7)', async () => {
    const kit = engineKit();
    const gone = new AbortController();
    const leader = kit.ask('/x', { signal: gone.signal });
    await settle();
    const follower = kit.ask('/x');
    await settle();
    gone.abort();
    await expect(leader).rejects.toMatchObject({ code: 'client_closed' });
    kit.origin.last.reply({ body: 'whole' });
    expect(await bytesOf(await follower)).toBe('whole');
    expect(kit.origin.asked).toHaveLength(1);
  });

  it('the origin request is cancelled when the last client has gone', async () => {
    const kit = engineKit();
    const gone = new AbortController();
    const only = kit.ask('/x', { signal: gone.signal });
    await settle();
    gone.abort();
    await expect(only).rejects.toMatchObject({ code: 'client_closed' });
    await settle();
    expect(kit.origin.last.request.signal.aborted).toBe(true);
    expect(kit.engine.filler.flights.size).toBe(0);
  });

  it('an uncacheable answer goes to its leader alone; followers ask for themselves, and later ones do not queue (I-8)', async () => {
    const kit = engineKit();
    const answers = [kit.ask('/x'), kit.ask('/x'), kit.ask('/x')];
    await settle();
    kit.origin.last.reply({ headers: ['Cache-Control', 'private'], body: 'one' });
    await settle();
    expect(kit.origin.asked).toHaveLength(3);
    kit.origin.asked[1]!.reply({ headers: ['Cache-Control', 'private'], body: 'two' });
    kit.origin.asked[2]!.reply({ headers: ['Cache-Control', 'private'], body: 'three' });
    const bodies = await Promise.all((await Promise.all(answers)).map(bytesOf));
    expect(bodies.sort()).toEqual(['one', 'three', 'two']);
    void kit.ask('/x').catch(() => {});
    void kit.ask('/x').catch(() => {});
    await settle();
    expect(kit.origin.asked).toHaveLength(5);
  });

  it('an origin in trouble is asked once for all who wait', async () => {
    const kit = engineKit();
    const answers = [kit.ask('/x'), kit.ask('/x')];
    await settle();
    kit.origin.last.reply({ status: 503, body: 'down' });
    for (const answer of await Promise.all(answers)) expect(await bytesOf(answer)).toBe('down');
    expect(kit.origin.asked).toHaveLength(1);
  });
});

describe('bodies over MAX_ENTRY_BYTES', () => {
  it('stream through without being stored, held back by their slowest reader', async () => {
    const kit = engineKit({ maxEntryBytes: 1024 });
    const answer = await (async () => {
      const asked = kit.ask('/big');
      await settle();
      kit.origin.last.head(IMAGE);
      kit.origin.last.body.data(Buffer.alloc(700));
      return asked;
    })();
    if (answer.kind !== 'arriving') throw new Error('expected a body that is still arriving');
    let got = 0;
    let over = false;
    answer.body.start({
      data: (chunk) => {
        got += chunk.length;
      },
      end: () => {
        over = true;
      },
      error: () => {},
    });
    answer.body.pause();
    await settle();
    for (let i = 0; i < 40; i++) kit.origin.last.body.data(Buffer.alloc(100_000));
    expect(kit.origin.last.body.paused).toBe(true);
    answer.body.resume();
    expect(kit.origin.last.body.paused).toBe(false);
    kit.origin.last.body.end();
    expect([got, over]).toEqual([700 + 4_000_000, true]);
    await settle();
    expect(kit.memory.peek('/big')).toBeUndefined();
  });

  it('are known from Content-Length before a byte is kept', async () => {
    const kit = engineKit({ maxEntryBytes: 1024 });
    const answer = kit.ask('/big');
    await settle();
    kit.origin.last.reply({ headers: ['Content-Length', '2000'], body: Buffer.alloc(2000) });
    expect(await answer).toMatchObject({ kind: 'raw', outcome: { noStore: 'too-large' } });
  });
});

it('an answer at an address that spells a credential of ours is handed on and kept nowhere: keys are listed', async () => {
  const kit = engineKit();
  const answer = kit.ask(`/3/movie/${CREDENTIAL}`);
  await settle();
  kit.origin.last.reply({ status: 404, body: '{"success":false,"status_code":34}' });
  expect(await answer).toMatchObject({ kind: 'raw', outcome: { noStore: 'credential' } });
  await settle();
  expect(kit.memory.stats().entries).toBe(0);
});

describe('stale answers', () => {
  it('within stale-while-revalidate the old answer comes at once and one refresh runs', async () => {
    const kit = engineKit();
    await filled(kit, '/x', 'old');
    kit.clock.advance(65 * MINUTE);
    const both = await Promise.all([kit.ask('/x'), kit.ask('/x')]);
    for (const answer of both) {
      expect(answer.outcome).toMatchObject({ result: 'stale', stale: 'while-revalidate', ttl: -300 });
      expect(await bytesOf(answer)).toBe('old');
    }
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    kit.origin.last.reply({ body: 'new' });
    await settle();
    expect(await bytesOf(await kit.ask('/x'))).toBe('new');
  });

  it('a 304 renews the entry in every tier and keeps its bytes (I-22)', async () => {
    const kit = engineKit();
    await filled(kit, '/x', 'old');
    kit.clock.advance(100 * MINUTE);
    const answer = kit.ask('/x');
    await settle();
    expect(kit.origin.last.request.headers).toContain('If-None-Match');
    kit.origin.last.reply({ status: 304, headers: ['ETag', 'W/"1"', 'X-New', '1'], body: '' });
    expect(await answer).toMatchObject({ kind: 'entry', outcome: { forwardStatus: 304 } });
    expect(await bytesOf(await kit.ask('/x'))).toBe('old');
    expect(kit.l2.peek('/x')!.entry.headers).toContain('X-New');
    expect((await kit.ask('/x')).outcome.result).toBe('hit');
  });

  it('beyond it a slow origin is answered for after the soft timeout, and what it brings later is kept', async () => {
    const kit = engineKit();
    await filled(kit, '/x', 'old');
    kit.clock.advance(100 * MINUTE);
    const answer = kit.ask('/x');
    await settle();
    kit.clock.advance(1500);
    expect(await answer).toMatchObject({ outcome: { result: 'stale', stale: 'soft-timeout' } });
    kit.origin.last.reply({ body: 'new' });
    await settle();
    expect(await bytesOf(await kit.ask('/x'))).toBe('new');
  });

  it.each([
    ['an error', (kit: ReturnType<typeof engineKit>) => kit.origin.last.fail()],
    ['a 503', (kit: ReturnType<typeof engineKit>) => kit.origin.last.reply({ status: 503 })],
    [
      'an error envelope',
      (kit: ReturnType<typeof engineKit>) => kit.origin.last.reply({ body: '{"success":false}' }),
    ],
  ])(
    '%s of the origin never replaces a good entry, and is not provoked again at once (I-10)',
    async (_name, fail) => {
      const kit = engineKit();
      await filled(kit, '/x', 'old');
      kit.clock.advance(100 * MINUTE);
      const answer = kit.ask('/x');
      await settle();
      fail(kit);
      expect(await answer).toMatchObject({ outcome: { result: 'stale', stale: 'origin-error' } });
      expect(await kit.ask('/x')).toMatchObject({ outcome: { stale: 'not-before' } });
      expect(kit.origin.asked).toHaveLength(2);
      kit.clock.advance(15_000);
      void kit.ask('/x');
      await settle();
      expect(kit.origin.asked).toHaveLength(3);
    },
  );

  it('past stale-if-error the error is the answer', async () => {
    const kit = engineKit();
    await filled(kit, '/x', 'old');
    kit.clock.advance(700 * MINUTE);
    const answer = kit.ask('/x');
    await settle();
    kit.origin.last.fail();
    await expect(answer).rejects.toMatchObject({ code: 'origin_unreachable' });
  });

  it('OFFLINE serves whatever there is and never asks', async () => {
    const kit = engineKit({ offline: true });
    await expect(kit.ask('/x')).rejects.toMatchObject({ code: 'offline' });
    expect(kit.origin.asked).toHaveLength(0);
  });
});

describe('purges', () => {
  it('I-2, I-3: a fill begun before a purge is not joined afterwards and never becomes servable', async () => {
    const kit = engineKit();
    const before = kit.ask('/x');
    await settle();
    kit.purge({ kind: 'all' });
    const after = kit.ask('/x');
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    kit.origin.asked[1]!.reply({ body: 'new' });
    expect(await bytesOf(await after)).toBe('new');
    await settle();
    kit.origin.asked[0]!.reply({ body: 'old' });
    expect(await bytesOf(await before)).toBe('old');
    await settle();
    expect(await bytesOf(await kit.ask('/x'))).toBe('new');
    expect(kit.l2.peek('/x')!.entry.body.toString()).toBe('new');
  });

  it('a fill that a purge has overtaken does not keep later requests from sharing one', async () => {
    const kit = engineKit();
    const before = kit.ask('/x');
    await settle();
    kit.purge({ kind: 'all' });
    kit.origin.last.reply({ body: 'old' });
    await bytesOf(await before);
    await settle();
    void kit.ask('/x').catch(() => {});
    void kit.ask('/x').catch(() => {});
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
  });

  it('I-5: a hard purge is not served even when the origin fails; a soft one is', async () => {
    for (const soft of [false, true]) {
      const kit = engineKit();
      await filled(kit, '/x', 'old');
      kit.clock.advance(1);
      kit.purge({ kind: 'tag', name: 'tag:/x' }, soft);
      kit.clock.advance(20 * MINUTE);
      const answer = kit.ask('/x');
      await settle();
      kit.origin.last.fail();
      if (soft) expect((await answer).outcome.result).toBe('stale');
      else await expect(answer).rejects.toMatchObject({ code: 'origin_unreachable' });
    }
  });

  it('an unsafe request that succeeded invalidates the key it names', async () => {
    const kit = engineKit();
    await filled(kit, '/x', 'old');
    const write = kit.ask('/x', { method: 'POST' });
    await settle();
    kit.origin.last.reply({ status: 201 });
    await write;
    void kit.ask('/x').catch(() => {});
    await settle();
    expect(kit.origin.asked).toHaveLength(3);
  });
});

describe('the client can only make the cache stricter', () => {
  it('no-cache validates a fresh entry; only-if-cached never asks', async () => {
    const kit = engineKit();
    await expect(kit.ask('/x', { headers: ['Cache-Control', 'only-if-cached'] })).rejects.toMatchObject({
      status: 504,
    });
    await filled(kit, '/x');
    const answer = kit.ask('/x', { headers: ['Cache-Control', 'no-cache'] });
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    kit.origin.last.reply({ status: 304, headers: ['ETag', 'W/"1"'], body: '' });
    expect((await answer).outcome.forwardStatus).toBe(304);
  });
});

describe('content codings', () => {
  it('gzip without its field is given it; the field without gzip loses it; both are counted', async () => {
    const { gzipSync } = await import('node:zlib');
    const kit = engineKit();
    const first = kit.ask('/gz');
    await settle();
    kit.origin.last.reply({ headers: ['Content-Type', 'application/json'], body: gzipSync('{"id":1}') });
    await bytesOf(await first);
    const second = kit.ask('/plain');
    await settle();
    kit.origin.last.reply({
      headers: ['Content-Type', 'application/json', 'Content-Encoding', 'gzip'],
      body: '{"id":2}',
    });
    await bytesOf(await second);
    await vi.waitUntil(() => kit.memory.peek('/gz') && kit.memory.peek('/plain'), PATIENCE_MS);
    expect(kit.healed).toEqual(['gzip-without-header', 'header-without-gzip']);
    expect(kit.memory.peek('/gz')!.entry.coding).toBe('gzip');
    expect(kit.memory.peek('/plain')!.entry.coding).toBe('identity');
  });

  it('plain JSON is stored compressed, once', async () => {
    const kit = engineKit();
    await filled(kit, '/x', JSON.stringify({ text: 'again and '.repeat(500) }));
    const { entry } = await vi.waitUntil(() => kit.memory.peek('/x'), PATIENCE_MS);
    expect(entry).toMatchObject({ coding: 'gzip', recoded: true });
    expect(entry.body.length).toBeLessThan(500);
  });
});

describe('redirects of the origin', () => {
  it('are followed on its own hosts, and passed on unfollowed when they lead elsewhere', async () => {
    const kit = engineKit();
    const first = kit.ask('/old');
    await settle();
    kit.origin.last.reply({ status: 301, headers: ['Location', '/new'], body: '' });
    await settle();
    expect(kit.origin.last.request.target).toBe('/new');
    kit.origin.last.reply({ body: 'moved' });
    expect(await bytesOf(await first)).toBe('moved');

    const second = kit.ask('/out');
    await settle();
    kit.origin.last.reply({ status: 302, headers: ['Location', 'http://evil.example/'], body: '' });
    expect(await second).toMatchObject({ kind: 'raw', head: { status: 302 } });
    expect(kit.origin.asked).toHaveLength(3);
  });

  it('take no usable answer away when they lead nowhere', async () => {
    const kit = engineKit();
    await filled(kit, '/x', 'stored');
    kit.clock.advance(3 * 60 * MINUTE);
    const asked = kit.ask('/x');
    await settle();
    kit.origin.last.reply({ status: 302, headers: ['Location', 'http://evil.example/'], body: '' });
    const answer = await asked;
    expect(await bytesOf(answer)).toBe('stored');
    expect(answer.outcome).toMatchObject({ result: 'stale' });
  });
});

describe('harms that were found once', () => {
  it('an image in a coding that nobody asked for is handed on and not stored', async () => {
    const kit = engineKit();
    const asked = kit.ask('/x');
    await settle();
    const headers = ['Content-Type', 'image/jpeg', 'Content-Encoding', 'x-unheard-of'];
    kit.origin.last.reply({ headers, body: `\xff\xd8\xff${'x'.repeat(100)}` });
    await bytesOf(await asked);
    await settle();
    void kit.ask('/x');
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
  });

  it('a body that was not for sharing and whose leader has gone is given up, not held for ever', async () => {
    const kit = engineKit();
    const gone = new AbortController();
    const leader = kit.ask('/x', { signal: gone.signal });
    await settle();
    const follower = kit.ask('/x');
    await settle();
    gone.abort();
    await expect(leader).rejects.toMatchObject({ code: 'client_closed' });
    kit.origin.last.head({ headers: ['Cache-Control', 'private', 'Content-Type', 'image/jpeg'] });
    kit.origin.last.body.data(Buffer.alloc(100_000));
    await settle();
    expect(kit.origin.asked[0]!.body.cancelled).toBe(true);
    kit.origin.asked[1]!.reply({ headers: ['Cache-Control', 'private'], body: 'own' });
    expect(await bytesOf(await follower)).toBe('own');
  });

  it.each([
    ['fresh', 16],
    ['stale', 75],
  ])(
    'a purge that comes while L2 is asked: what memory held (%s) is neither served nor confirmed (I-1, I-3)',
    async (_what, minutes) => {
      const kit = engineKit();
      await filled(kit, '/x', 'old');
      kit.clock.advance(minutes * MINUTE);
      let open = () => {};
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      const get = kit.l2.get.bind(kit.l2);
      kit.l2.get = async (key) => {
        await gate;
        return get(key);
      };
      const before = kit.ask('/x');
      await settle();
      kit.purge({ kind: 'key', name: '/x' });
      open();
      await settle();
      const after = kit.ask('/x');
      await settle();
      expect(kit.origin.asked).toHaveLength(2);
      expect(kit.origin.last.request.headers).not.toContain('If-None-Match');
      kit.origin.last.reply({ body: 'new' });
      for (const answer of [before, after]) expect(await bytesOf(await answer)).toBe('new');
      await settle();
      expect(await bytesOf(await kit.ask('/x'))).toBe('new');
      expect(kit.origin.asked).toHaveLength(2);
    },
  );

  it('stored gzip that a 304 forbids to keep goes out named as gzip (I-22)', async () => {
    const kit = engineKit();
    await filled(kit, '/x', JSON.stringify({ text: 'a'.repeat(5000) }));
    await eventually(() => expect(kit.memory.peek('/x')?.entry.coding).toBe('gzip'));
    kit.clock.advance(75 * MINUTE);
    const answering = kit.ask('/x');
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    kit.origin.last.reply({ status: 304, headers: ['Cache-Control', 'no-store', 'ETag', 'W/"1"'], body: '' });
    const answer = await answering;
    if (answer.kind !== 'raw') throw new Error(answer.kind);
    expect(answer.head.headers.join()).toContain('Content-Encoding,gzip');
    expect((await bytesOf(answer)).length).toBeLessThan(1000);
  });

  it('a refusal that may be over soon keeps requests apart for two seconds only (I-8)', async () => {
    const kit = engineKit();
    void kit.ask('/x');
    await settle();
    kit.origin.last.reply({ status: 401 });
    await settle();
    kit.clock.advance(2_001);
    for (let i = 0; i < 3; i++) void kit.ask('/x').catch(() => {});
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
  });

  it('past stale-if-error a client that insists on validation gets the error, too', async () => {
    const kit = engineKit();
    await filled(kit, '/x');
    kit.clock.advance(661 * MINUTE);
    const answering = kit.ask('/x', { headers: ['Cache-Control', 'no-cache'] });
    await settle();
    kit.origin.last.fail();
    await expect(answering).rejects.toMatchObject({ code: 'origin_unreachable' });
  });

  it('a fill begun before a soft purge still replaces what is older than itself', async () => {
    const kit = engineKit();
    await filled(kit, '/x', 'old');
    kit.clock.advance(75 * MINUTE);
    const refreshing = kit.ask('/x');
    await settle();
    kit.purge({ kind: 'all' }, true);
    kit.origin.last.reply({ body: 'new' });
    await bytesOf(await refreshing);
    await settle();
    const answer = await kit.ask('/x');
    expect([answer.outcome.result, await bytesOf(answer)]).toEqual(['stale', 'new']);
  });

  it('a 304 leaves an entry the tags that its body gave it: a purge by them finds it (I-1)', async () => {
    const kit = engineKit({ site: { tagsOf: () => ['person:1'] } });
    await filled(kit, '/x');
    kit.clock.advance(75 * MINUTE);
    const answering = kit.ask('/x');
    await settle();
    kit.origin.last.reply({ status: 304, headers: ['ETag', 'W/"1"'], body: '' });
    await bytesOf(await answering);
    kit.purge({ kind: 'tag', name: 'person:1' });
    void kit.ask('/x').catch(() => {});
    await settle();
    expect(kit.origin.asked).toHaveLength(3);
  });

  it('a memory time of 0 is none: what another process has stored is seen at once (I-9)', async () => {
    const times = { memoryMs: 0, freshMs: 60 * MINUTE, swrMs: 0, sieMs: 0 };
    const kit = engineKit({ site: { times: () => times } });
    await filled(kit, '/x', 'old');
    const old = kit.l2.peek('/x')!.entry;
    kit.l2.setNow({ ...old, body: Buffer.from('new'), storedAt: old.storedAt + 1 });
    expect(await bytesOf(await kit.ask('/x'))).toBe('new');
  });

  it.each([
    ['later', 1],
    ['in the same millisecond', 0],
  ])('an older entry in L2 does not displace a newer one, %s, that L2 refused', async (_when, ms) => {
    const kit = engineKit();
    await filled(kit, '/x', 'old');
    const old = kit.l2.peek('/x')!.entry;
    kit.memory.setNow({ ...old, body: Buffer.from('new'), storedAt: old.storedAt + ms }, 0, 0);
    kit.clock.advance(16 * MINUTE);
    expect(await bytesOf(await kit.ask('/x'))).toBe('new');
    expect(await bytesOf(await kit.ask('/x'))).toBe('new');
  });

  it('a fill begun before a soft purge does not replace what was fetched after it (I-2)', async () => {
    const kit = engineKit();
    const before = kit.ask('/x');
    await settle();
    kit.purge({ kind: 'all' }, true);
    const after = kit.ask('/x');
    await settle();
    kit.origin.asked[1]!.reply({ body: 'new' });
    await bytesOf(await after);
    await settle();
    kit.origin.asked[0]!.reply({ body: 'old' });
    await bytesOf(await before);
    await settle();
    expect(await bytesOf(await kit.ask('/x'))).toBe('new');
  });

  it('who comes to a flight that is known to be slow does not wait the soft timeout all over again', async () => {
    const kit = engineKit();
    await filled(kit, '/x', 'old');
    kit.clock.advance(100 * MINUTE);
    const first = kit.ask('/x');
    await settle();
    kit.clock.advance(1500);
    expect((await first).outcome.stale).toBe('soft-timeout');
    const second = kit.ask('/x');
    await settle();
    kit.clock.advance(1);
    expect((await second).outcome.stale).toBe('soft-timeout');
  });

  it('a refresh that never ends is not downloaded for ever when nobody reads it', async () => {
    const kit = engineKit({ maxEntryBytes: 1024 });
    await filled(kit, '/x', 'old');
    kit.clock.advance(65 * MINUTE);
    await kit.ask('/x');
    await settle();
    kit.origin.last.head(IMAGE);
    kit.origin.last.body.data(Buffer.alloc(700));
    await settle();
    kit.origin.last.body.data(Buffer.alloc(700));
    await settle();
    expect(kit.origin.last.body.cancelled).toBe(true);
  });

  it('readers that lag share one copy of the body and still get every byte', async () => {
    const kit = engineKit();
    const answers = [kit.ask('/x'), kit.ask('/x')];
    await settle();
    kit.origin.last.head(IMAGE);
    const pieces = ['sixteen bytes and more ', 'then some ', 'and the end'];
    kit.origin.last.body.data(Buffer.from(pieces[0]!));
    const [slow] = await Promise.all(answers);
    if (slow?.kind !== 'arriving') throw new Error('expected a body that is still arriving');
    let got = '';
    slow.body.start({
      data: (chunk) => {
        got += chunk;
        slow.body.pause();
      },
      end: () => {
        got += '|';
      },
      error: () => {},
    });
    await settle();
    for (const piece of pieces.slice(1)) kit.origin.last.body.data(Buffer.from(piece));
    kit.origin.last.body.end();
    await settle();
    expect(got).toBe(pieces[0]);
    slow.body.resume();
    slow.body.resume();
    expect(got).toBe(`${pieces.join('')}|`);
  });
});
