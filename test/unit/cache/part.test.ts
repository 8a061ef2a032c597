import { describe, expect, it } from 'vitest';
import { field } from '../../../src/http/headers.js';
import { settle } from '../../support/fake-clock.js';
import { bytesOf } from './engine-kit.js';
import { letterKit } from './letter-kit.js';

const FRESH = ['Cache-Control', 'max-age=60'];
const TAG = ['ETag', '"a"'];

function part(range: string, body: string, more: string[] = TAG) {
  return { status: 206, headers: [...FRESH, 'Content-Range', `bytes ${range}`, ...more], body };
}

const range = (value: string) => ['Range', `bytes=${value}`];

describe('parts of a representation (RFC 9111 sections 3.3 and 3.4)', () => {
  it('a range of what is not stored is asked for alone, not at the cost of the whole', async () => {
    const kit = letterKit();
    const { answer, body } = await kit.exchange(range('0-4'), part('0-4/10', '01234'));
    expect(field(kit.origin.last.request.headers, 'range')).toBe('bytes=0-4');
    expect(answer).toMatchObject({ kind: 'arriving', head: { status: 206 } });
    expect(body).toBe('01234');
  });

  it.each(['0-4', '1-3', '2-4', '-10'])(
    'a part answers the range %s only if it has all of it',
    async (wanted) => {
      const kit = letterKit();
      await kit.exchange(range('0-4'), part('0-4/10', '01234'));
      const { answer, asked } = await kit.exchange(range(wanted), part('0-9/10', '0123456789'));
      expect(asked).toBe(wanted === '-10' ? 1 : 0);
      if (asked === 0) expect(answer).toMatchObject({ kind: 'entry', outcome: { result: 'hit' } });
      else expect(answer.outcome.forward).toBe('partial');
    },
  );

  it('a part is never served as the whole', async () => {
    const kit = letterKit();
    await kit.exchange(range('0-0'), part('0-0/10', '0', []));
    const { answer, asked, body } = await kit.exchange([], { headers: FRESH, body: '0123456789' });
    expect([asked, body]).toEqual([1, '0123456789']);
    expect(answer.outcome).toMatchObject({ forward: 'partial', forwardStatus: 200, stored: true });
  });

  it.each([
    ['0-4/10', '01234', 'bytes=5-', '5-9/10', '56789'],
    ['5-9/10', '56789', 'bytes=0-4', '0-4/10', '01234'],
  ])('the whole is made of %s and its rest', async (first, bytes, rest, second, more) => {
    const kit = letterKit();
    await kit.exchange(range(first.split('/')[0]!), part(first, bytes));
    const { answer, body } = await kit.exchange([], part(second, more));
    const sent = kit.origin.last.request.headers;
    expect([field(sent, 'range'), field(sent, 'if-range')]).toEqual([rest, '"a"']);
    expect(body).toBe('0123456789');
    expect(answer).toMatchObject({ kind: 'entry', entry: { status: 200 }, outcome: { forwardStatus: 206 } });
    if (answer.kind === 'entry') expect(field(answer.entry.headers, 'content-range')).toBeUndefined();
    const again = await kit.exchange([]);
    expect([again.asked, again.body]).toEqual([0, '0123456789']);
  });

  it('bytes of two versions are never put together', async () => {
    const kit = letterKit();
    await kit.exchange(range('0-4'), part('0-4/10', 'old..'));
    const answering = kit.ask('/x');
    await settle();
    kit.origin.last.reply(part('5-9/10', 'newer', ['ETag', '"b"']));
    await settle();
    expect(field(kit.origin.last.request.headers, 'range')).toBeUndefined();
    kit.origin.last.reply({ headers: [...FRESH, 'ETag', '"b"'], body: 'new..newer' });
    expect(await bytesOf(await answering)).toBe('new..newer');
  });

  it.each([
    ['without a validator', []],
    ['with a weak one', ['ETag', 'W/"a"']],
  ])('%s the rest is not trusted', async (_why, validator) => {
    const kit = letterKit();
    await kit.exchange(range('0-4'), part('0-4/10', '01234', validator));
    const answering = kit.ask('/x');
    await settle();
    expect(field(kit.origin.last.request.headers, 'if-range')).toBeUndefined();
    kit.origin.last.reply(part('5-9/10', '56789', validator));
    await settle();
    kit.origin.last.reply({ headers: FRESH, body: 'all of it' });
    expect(await bytesOf(await answering)).toBe('all of it');
  });

  it.each([
    ['a rest that breaks off', 206, 'bytes 5-9/10', '567'],
    ['less of the rest than was asked', 206, 'bytes 5-7/10', '567'],
    ['a rest of something longer', 206, 'bytes 5-9/12', '56789'],
    ['a resource that has shrunk', 416, 'bytes */3', ''],
  ])('%s leads to the whole being asked for', async (_why, status, contentRange, body) => {
    const kit = letterKit();
    await kit.exchange(range('0-4'), part('0-4/10', '01234'));
    const answering = kit.ask('/x');
    await settle();
    kit.origin.last.reply({ status, headers: [...FRESH, ...TAG, 'Content-Range', contentRange], body });
    await settle();
    kit.origin.last.reply({ headers: FRESH, body: 'abc' });
    expect(await bytesOf(await answering)).toBe('abc');
  });

  it('ranges that touch grow into one part, and into the whole', async () => {
    const kit = letterKit();
    await kit.exchange(range('0-3'), part('0-3/10', '0123'));
    await kit.exchange(range('3-6'), part('3-6/10', '3456'));
    expect((await kit.exchange(range('1-5'))).asked).toBe(0);
    await kit.exchange(range('7-'), part('7-9/10', '789'));
    const { asked, body } = await kit.exchange([]);
    expect([asked, body]).toEqual([0, '0123456789']);
  });

  it('a rest of another version is not downloaded to be thrown away', async () => {
    const kit = letterKit();
    await kit.exchange(range('0-4'), part('0-4/10', '01234'));
    void kit.ask('/x').catch(() => {});
    await settle();
    const rest = kit.origin.last;
    rest.head(part('5-9/10', '', ['ETag', '"b"']));
    await settle();
    expect(rest.body.cancelled).toBe(true);
    expect(kit.origin.asked).toHaveLength(3);
  });

  it('a stale part is not completed: the whole is asked for', async () => {
    const kit = letterKit();
    await kit.exchange(range('0-4'), part('0-4/10', '01234'));
    kit.clock.advance(61_000);
    await kit.exchange([], { headers: FRESH, body: 'all of it' });
    expect(field(kit.origin.last.request.headers, 'range')).toBeUndefined();
  });

  it.each([
    [9, 1],
    [10, 0],
  ])('parts do not grow past the bound of one entry, %i bytes (I-17)', async (maxEntryBytes, asked) => {
    const kit = letterKit({ maxEntryBytes });
    await kit.exchange(range('0-3'), part('0-3/10', '0123'));
    await kit.exchange(range('4-9'), part('4-9/10', '456789'));
    expect((await kit.exchange(range('0-3'), part('0-3/10', '0123'))).asked).toBe(asked);
  });

  it('where two parts overlap, the later bytes are the ones that are sent', async () => {
    const kit = letterKit();
    await kit.exchange(range('0-3'), part('0-3/10', '0123'));
    await kit.exchange(range('2-5'), part('2-5/10', 'new!'));
    expect((await kit.exchange(range('0-5'))).body).toBe('01new!');
  });

  it('what is put together of parts goes with the groups of each of them (RFC 9875)', async () => {
    const kit = letterKit();
    await kit.exchange(range('0-3'), part('0-3/10', '0123', [...TAG, 'Cache-Groups', '"a"']));
    await kit.exchange(range('4-9'), part('4-9/10', '456789', [...TAG, 'Cache-Groups', '"b"']));
    kit.purge({ kind: 'tag', name: 'group:a' });
    expect((await kit.exchange([], { headers: FRESH, body: 'new' })).body).toBe('new');
  });

  it('the whole is validated as the whole, though a range of it is wanted', async () => {
    const kit = letterKit();
    await kit.exchange([], { headers: [...FRESH, ...TAG], body: '0123456789' });
    kit.clock.advance(61_000);
    const { answer } = await kit.exchange(range('0-4'), {
      status: 304,
      headers: [...FRESH, ...TAG],
      body: '',
    });
    const sent = kit.origin.last.request.headers;
    expect([field(sent, 'if-none-match'), field(sent, 'range')]).toEqual(['"a"', undefined]);
    expect(answer).toMatchObject({ kind: 'entry', entry: { status: 200 } });
  });

  it('a later part of another version replaces the earlier one', async () => {
    const kit = letterKit();
    await kit.exchange(range('0-3'), part('0-3/10', 'old!'));
    await kit.exchange(range('4-9'), part('4-9/10', 'newnew', ['ETag', '"b"']));
    expect((await kit.exchange(range('0-3'), part('0-3/10', 'new!', ['ETag', '"b"']))).asked).toBe(1);
  });

  it('a part does not take the place of the whole that came meanwhile', async () => {
    const kit = letterKit();
    const ranged = kit.ask('/x', { headers: range('0-4') });
    await settle();
    const late = kit.origin.last;
    await kit.exchange([], { headers: [...FRESH, ...TAG], body: '0123456789' });
    late.reply(part('0-4/10', '01234'));
    await bytesOf(await ranged);
    await settle();
    expect((await kit.exchange([])).asked).toBe(0);
  });

  it.each([
    ['disagrees with the body', 'bytes 4-9/10', '01234'],
    ['is of an unknown whole', 'bytes 0-4/*', '01234'],
    ['is none', 'nonsense', '01234'],
  ])('a 206 whose Content-Range %s is passed on and not stored', async (_why, contentRange, body) => {
    const kit = letterKit();
    const reply = { status: 206, headers: [...FRESH, 'Content-Range', contentRange], body };
    expect((await kit.exchange(range('0-4'), reply)).body).toBe(body);
    expect((await kit.exchange(range('0-4'), reply)).asked).toBe(1);
  });

  it('a 206 that nobody asked for is never stored', async () => {
    const kit = letterKit();
    const { answer } = await kit.exchange([], part('0-0/10', '0'));
    expect(answer.outcome).toMatchObject({ stored: false, noStore: 'partial' });
  });

  it('a 200 in answer to a range is the whole', async () => {
    const kit = letterKit();
    await kit.exchange(range('0-4'), { headers: FRESH, body: '0123456789' });
    expect((await kit.exchange([])).asked).toBe(0);
  });

  it('a range joins the whole on its way, a whole never a range', async () => {
    const kit = letterKit();
    const whole = kit.ask('/x');
    const ranged = kit.ask('/x', { headers: range('0-4') });
    await settle();
    expect(kit.origin.asked).toHaveLength(1);
    kit.origin.last.reply({ headers: FRESH, body: '0123456789' });
    expect((await ranged).outcome.collapsed).toBe(true);
    await whole;

    const other = letterKit();
    void other.ask('/y', { headers: range('0-4') }).catch(() => {});
    void other.ask('/y', { headers: range('0-4') }).catch(() => {});
    void other.ask('/y', { headers: range('5-9') }).catch(() => {});
    void other.ask('/y').catch(() => {});
    await settle();
    expect(other.origin.asked.map(({ request }) => field(request.headers, 'range'))).toEqual([
      'bytes=0-4',
      'bytes=5-9',
      undefined,
    ]);
  });

  it('a stale part is validated, and renewed by a 304', async () => {
    const kit = letterKit();
    await kit.exchange(range('0-4'), part('0-4/10', '01234'));
    kit.clock.advance(61_000);
    const { answer } = await kit.exchange(range('1-2'), {
      status: 304,
      headers: [...FRESH, ...TAG],
      body: '',
    });
    const sent = kit.origin.last.request.headers;
    expect([field(sent, 'if-none-match'), field(sent, 'range')]).toEqual(['"a"', 'bytes=1-2']);
    expect(answer).toMatchObject({ kind: 'entry', entry: { status: 206 }, outcome: { forwardStatus: 304 } });
    expect((await kit.exchange(range('0-4'))).asked).toBe(0);
  });

  it('a purge takes a part like the whole (I-1)', async () => {
    const kit = letterKit();
    await kit.exchange(range('0-4'), part('0-4/10', '01234'));
    kit.purge({ kind: 'key', name: 'v1:custom:/x' });
    expect((await kit.exchange(range('0-4'), part('0-4/10', '01234'))).asked).toBe(1);
  });

  it('bytes from before a purge are no part of what is put together after it (I-1)', async () => {
    const kit = letterKit();
    await kit.exchange(range('0-3'), part('0-3/10', 'old!'));
    kit.purge({ kind: 'key', name: 'v1:custom:/x' });
    await kit.exchange(range('4-9'), part('4-9/10', '456789'));
    expect((await kit.exchange(range('0-3'), part('0-3/10', 'new!'))).body).toBe('new!');
  });

  it('a part is not kept out by a whole that has gone stale meanwhile', async () => {
    const kit = letterKit();
    const ranged = kit.ask('/x', { headers: range('0-4') });
    await settle();
    const late = kit.origin.last;
    await kit.exchange([], { headers: [...FRESH, ...TAG], body: '0123456789' });
    kit.clock.advance(61_000);
    late.reply(part('0-4/10', '01234'));
    await bytesOf(await ranged);
    await settle();
    expect((await kit.exchange(range('0-4'))).asked).toBe(0);
  });

  it('the whole that another process has stored is found where memory holds a part', async () => {
    const kit = letterKit();
    await kit.exchange(range('0-4'), part('0-4/10', '01234'));
    const { entry } = kit.l2.peek('v1:custom:/x')!;
    const body = Buffer.from('0123456789');
    kit.l2.setNow({ ...entry, status: 200, headers: [...FRESH, ...TAG], body, storedAt: entry.storedAt + 1 });
    const whole = await kit.exchange([], { headers: FRESH });
    expect([whole.asked, whole.body]).toEqual([0, '0123456789']);
  });

  it('parts are kept apart by Vary like everything else', async () => {
    const kit = letterKit();
    const vary = [...TAG, 'Vary', 'A'];
    await kit.exchange([...range('0-4'), 'A', '1'], part('0-4/10', '11111', vary));
    expect((await kit.exchange([...range('0-4'), 'A', '2'], part('0-4/10', '22222', vary))).asked).toBe(1);
    expect((await kit.exchange([...range('0-4'), 'A', '1'])).body).toBe('11111');
  });
});
