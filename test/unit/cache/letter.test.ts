import { describe, expect, it } from 'vitest';
import { field } from '../../../src/http/headers.js';
import { settle } from '../../support/fake-clock.js';
import { bytesOf } from './engine-kit.js';
import { letterKit } from './letter-kit.js';

const FRESH = ['Cache-Control', 'max-age=60'];
const TAG = ['ETag', '"a"'];

describe('by the letter', () => {
  it('what replaces a stale response but may not be stored is not asked for twice', async () => {
    const kit = letterKit();
    await kit.exchange([], { headers: [...FRESH, ...TAG], body: 'old' });
    kit.clock.advance(61_000);
    const { asked, body } = await kit.exchange([], { headers: ['Cache-Control', 'no-store'], body: 'new' });
    expect([asked, body]).toEqual([1, 'new']);
  });

  it("a client's no-store keeps its answer out of the cache, and others from waiting for it (section 5.2.1.5)", async () => {
    const kit = letterKit();
    await kit.exchange(['Cache-Control', 'no-store'], { headers: FRESH, body: 'mine' });
    void kit.ask('/x', { headers: ['Cache-Control', 'no-store'] }).catch(() => {});
    const both = [kit.ask('/x'), kit.ask('/x')];
    await settle();
    expect(kit.origin.asked).toHaveLength(3);
    kit.origin.last.reply({ headers: FRESH, body: 'ours' });
    for (const answer of await Promise.all(both)) expect(await bytesOf(answer)).toBe('ours');
    expect((await kit.exchange(['Cache-Control', 'no-store'])).asked).toBe(0);
  });

  it.each([
    ['Set-Cookie', ['Set-Cookie', 'session=1']],
    ['private', ['Cache-Control', 'private']],
  ])('an error with %s is for its asker alone', async (_why, headers) => {
    const kit = letterKit();
    const first = kit.ask('/x');
    const second = kit.ask('/x');
    await settle();
    kit.origin.last.reply({ status: 503, headers, body: 'yours' });
    await first;
    await settle();
    expect(kit.origin.asked).toHaveLength(2);
    kit.origin.last.reply({ status: 503, body: 'mine' });
    expect(await bytesOf(await second)).toBe('mine');
  });

  it.each([
    [200, 'max-age=0, must-revalidate'],
    [400, 'must-revalidate'],
  ])(
    'a %i that may not be kept is no error of the origin: who waits asks for itself',
    async (status, value) => {
      const kit = letterKit();
      const first = kit.ask('/x');
      const second = kit.ask('/x');
      await settle();
      kit.origin.last.reply({ status, headers: ['Cache-Control', value], body: 'yours' });
      expect(await bytesOf(await first)).toBe('yours');
      await settle();
      expect(kit.origin.asked).toHaveLength(2);
      kit.origin.last.reply({ status, headers: ['Cache-Control', value], body: 'mine' });
      expect(await bytesOf(await second)).toBe('mine');
    },
  );

  it('what turns out to be for all again is asked for once by all who wait (I-6)', async () => {
    const kit = letterKit();
    await kit.exchange([], { headers: ['Cache-Control', 'no-store'], body: 'yours' });
    await kit.exchange([], { headers: ['Cache-Control', 'max-age=10', ...TAG], body: 'ours' });
    kit.clock.advance(11_000);
    for (let i = 0; i < 3; i++) void kit.ask('/x').catch(() => {});
    await settle();
    expect(kit.origin.asked).toHaveLength(3);
  });

  it('fields that are private reach who asked, and nobody else (section 5.2.2.7)', async () => {
    const kit = letterKit();
    const answering = kit.ask('/x');
    const joining = kit.ask('/x');
    await settle();
    kit.origin.last.reply({
      headers: ['Cache-Control', 'max-age=60, private="Set-Cookie"', 'Set-Cookie', 'a=1'],
      body: 'x',
    });
    const [first, joined] = await Promise.all([answering, joining]);
    expect(first).toMatchObject({ kind: 'arriving', own: ['Set-Cookie', 'a=1'] });
    expect(joined).toMatchObject({ kind: 'arriving', own: undefined });
    await Promise.all([bytesOf(first), bytesOf(joined)]);
    const { answer, asked } = await kit.exchange([]);
    expect(asked).toBe(0);
    if (answer.kind === 'entry') expect(field(answer.entry.headers, 'set-cookie')).toBeUndefined();
  });

  it('a slow origin is waited for: a stale answer is for one that fails (section 4.2.4)', async () => {
    const kit = letterKit();
    await kit.exchange([], { headers: [...FRESH, ...TAG], body: 'old' });
    kit.clock.advance(61_000);
    const answering = kit.ask('/x');
    await settle();
    kit.clock.advance(20_000);
    await settle();
    kit.origin.last.reply({ headers: FRESH, body: 'new' });
    expect(await bytesOf(await answering)).toBe('new');
  });

  it.each([
    [500, 'old'],
    [502, 'old'],
    [503, 'old'],
    [504, 'old'],
    [429, 'busy'],
    [501, 'busy'],
    [404, 'busy'],
  ])('a stale answer stands in for a %i: %s (RFC 5861 section 4)', async (status, expected) => {
    const kit = letterKit();
    await kit.exchange([], { headers: [...FRESH, ...TAG], body: 'old' });
    kit.clock.advance(61_000);
    expect((await kit.exchange([], { status, headers: [], body: 'busy' })).body).toBe(expected);
  });

  it('an error that the origin lets be stored is, where nothing stands in for it', async () => {
    const kit = letterKit();
    await kit.exchange([], { status: 503, headers: FRESH, body: 'back in a minute' });
    const { asked, answer } = await kit.exchange([]);
    expect([asked, answer]).toMatchObject([0, { kind: 'entry', entry: { status: 503 } }]);
  });

  it('a redirect is for the client to follow', async () => {
    const kit = letterKit();
    const { answer, asked } = await kit.exchange([], { status: 302, headers: ['Location', '/y'], body: '' });
    expect([asked, answer]).toMatchObject([1, { head: { status: 302 } }]);
  });

  it('no lifetime is longer than 180 days', async () => {
    const kit = letterKit();
    await kit.exchange([], { headers: ['Cache-Control', 'max-age=31536000'], body: 'old' });
    kit.clock.advance(180 * 24 * 3600_000 - 1000);
    expect((await kit.exchange([])).asked).toBe(0);
    kit.clock.advance(1000);
    expect((await kit.exchange([], { headers: FRESH, body: 'new' })).body).toBe('new');
  });

  it('what has neither lifetime nor validator still stands in for an error (RFC 5861 section 4)', async () => {
    const kit = letterKit();
    await kit.exchange([], { headers: ['Cache-Control', 'max-age=0, stale-if-error=600'], body: 'old' });
    kit.clock.advance(10_000);
    expect((await kit.exchange([], { status: 503, headers: [], body: 'down' })).body).toBe('old');
  });

  it('a 304 without Date is of now: what it renews is fresh again (RFC 9110 section 6.6.1)', async () => {
    const kit = letterKit();
    const date = ['Date', new Date(kit.clock.now()).toUTCString()];
    await kit.exchange([], { headers: [...FRESH, ...TAG, ...date], body: 'x' });
    kit.clock.advance(61_000);
    await kit.exchange([], { status: 304, headers: [...FRESH, ...TAG], body: '' });
    expect((await kit.exchange([])).asked).toBe(0);
  });

  it('a body of just the largest size is stored', async () => {
    const kit = letterKit({ maxEntryBytes: 4 });
    await kit.exchange([], { headers: [...FRESH, 'Content-Length', '4'], body: 'just' });
    expect((await kit.exchange([])).asked).toBe(0);
  });

  it('a stored Set-Cookie is renewed by a 304', async () => {
    const kit = letterKit();
    await kit.exchange([], { headers: [...FRESH, ...TAG, 'Set-Cookie', 'a=1'], body: 'x' });
    kit.clock.advance(61_000);
    await kit.exchange([], { status: 304, headers: [...FRESH, ...TAG, 'Set-Cookie', 'a=2'], body: '' });
    const { answer, asked } = await kit.exchange([]);
    expect(asked).toBe(0);
    if (answer.kind === 'entry') expect(field(answer.entry.headers, 'set-cookie')).toBe('a=2');
  });
});
