import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../src/cache/answer.js';
import type { ClassTimes } from '../../../src/cache/site.js';
import { ProxyError } from '../../../src/errors.js';
import { field } from '../../../src/http/headers.js';
import { settle } from '../../support/fake-clock.js';
import { bytesOf, engineKit } from '../cache/engine-kit.js';
import { policy, shared } from './tools.js';

const MINUTE = 60_000;
const times = (freshMs: number): ClassTimes => ({ memoryMs: freshMs, freshMs, swrMs: 0, sieMs: 0 });
const DAY = times(24 * 60 * MINUTE);
const classes = {
  image: DAY,
  detail: DAY,
  search: DAY,
  changes: DAY,
  static: DAY,
  other: DAY,
  negative: times(5 * MINUTE),
};
const PATH = '/t/p/w9999/x.jpg';
const HTML = ['Content-Type', 'text/html; charset=utf-8', 'Date', 'Thu, 01 Jan 2026 00:00:00 GMT'];
const PAGE = '<!DOCTYPE html>\n<html><head><title>Error</title></head><body>no such size</body></html>';
const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, ...Buffer.alloc(40_000, 7)]);

function node(ttlPolicy: 'content-type' | 'origin' = 'content-type') {
  const kit = engineKit({ site: policy({ classes, ttlPolicy }) });
  let asked = 0;
  /** Asks, and answers as the origin if it is asked. */
  const get = async (reply: { status?: number; headers?: string[]; body?: string | Buffer }, path = PATH) => {
    const answering = kit.ask(path);
    await settle();
    if (kit.origin.asked.length > asked) {
      asked = kit.origin.asked.length;
      kit.origin.last.reply(reply);
    }
    const answer = await answering;
    const body = await bytesOf(answer);
    await settle();
    return { answer, head: headOf(answer), body };
  };
  return { ...kit, get, asks: () => kit.origin.asked.length };
}

function headOf(answer: Answer) {
  return answer.kind === 'entry' ? answer.entry : answer.head;
}

describe('where an image is stored already', () => {
  const image = { status: 200, headers: ['Content-Type', 'image/jpeg', 'ETag', '"1"'], body: JPEG };
  const stored = async () => {
    const made = node();
    await made.get(image);
    made.clock.advance(25 * 60 * MINUTE);
    return made;
  };

  it.each([
    [200, HTML],
    [200, ['Content-Type', 'image/jpeg']],
    [400, HTML],
    [415, HTML],
    [422, HTML],
  ])('a page with status %i does not take its place (I-10)', async (status, headers) => {
    const { get, memory } = await stored();
    const { head, answer } = await get({ status, headers, body: PAGE });
    expect(memory.peek(`v1:image:${PATH}`)?.entry.status).toBe(200);
    expect([200, 404]).toContain(head.status);
    if (head.status === 200) expect(answer.outcome.result).toBe('stale');
    expect((await get(image)).head.status).toBe(200);
  });

  it.each([404, 410])('but that it is gone (%i) does', async (status) => {
    const { get } = await stored();
    expect((await get({ status, headers: HTML, body: PAGE })).head.status).toBe(404);
    expect((await get(image)).answer).toMatchObject({ kind: 'entry', entry: { class: 'negative' } });
  });
});

describe('an answer of the image host that is no image', () => {
  it('an HTML page with status 200 is a negative answer, asked for once in five minutes', async () => {
    const { get, asks, clock } = node();
    const page = { status: 200, headers: HTML, body: PAGE };
    const first = await get(page);
    expect(first.head.status).toBe(404);
    expect(first.body).not.toContain('<');
    expect(JSON.parse(first.body)).toMatchObject({ success: false, status_code: 34 });
    clock.advance(4 * MINUTE);
    const second = await get(page);
    expect(second.answer).toMatchObject({ kind: 'entry', entry: { class: 'negative' } });
    expect(second.body).toBe(first.body);
    expect(asks()).toBe(1);
    clock.advance(2 * MINUTE);
    expect((await get({ headers: ['Content-Type', 'image/jpeg'], body: JPEG })).head.status).toBe(200);
    expect(asks()).toBe(2);
  });

  it('what it was is told by its fields too', async () => {
    const { head } = await node().get({ headers: HTML, body: PAGE });
    expect(field(head.headers, 'content-type')).toBe('application/json;charset=utf-8');
    expect(field(head.headers, 'date')).toBe('Thu, 01 Jan 2026 00:00:00 GMT');
  });

  it.each([400, 404, 410, 415, 422])('a %i of a wrong size too', async (status) => {
    const { get, asks } = node();
    const first = await get({ status, headers: HTML, body: PAGE });
    expect(first.head.status).toBe(404);
    expect(JSON.parse(first.body)).toMatchObject({ status_code: 34 });
    expect((await get({ status, headers: HTML, body: PAGE })).answer.outcome.result).toBe('hit');
    expect(asks()).toBe(1);
  });

  it.each([401, 403, 429, 500, 502, 503])(
    'a %i, which is about us and not about the file, is not remembered as a missing file',
    async (status) => {
      const { get } = node();
      await get({ status, headers: HTML, body: PAGE });
      const next = await get({ headers: ['Content-Type', 'image/jpeg'], body: JPEG });
      expect(next.head.status).toBe(200);
    },
  );

  it('a truncated image is not stored', async () => {
    const { ask, get, origin } = node();
    const answering = ask(PATH);
    await settle();
    origin.last.head({ headers: ['Content-Type', 'image/jpeg', 'Content-Length', String(JPEG.length)] });
    origin.last.body.data(JPEG.subarray(0, 20_000));
    origin.last.body.error(new ProxyError('origin_protocol', 'the body is shorter than announced'));
    await expect(answering.then(bytesOf)).rejects.toThrow('shorter');
    await settle();
    const whole = await get({ headers: ['Content-Type', 'image/jpeg'], body: JPEG });
    expect(whole.answer.outcome.result).toBe('miss');
    expect(whole.head.status).toBe(200);
  });

  it('by the letter is what the origin says it is', async () => {
    const { head, body } = await node('origin').get({ headers: HTML, body: PAGE });
    expect([head.status, body]).toEqual([200, PAGE]);
  });
});

describe('which answers stand for a missing file', () => {
  const site = policy();
  const stands = (status: number, type: string | undefined, start: string | Buffer, path = PATH) => {
    const headers = type === undefined ? [] : ['Content-Type', type];
    return site.instead?.(shared(path), status, headers, Buffer.from(start))?.status;
  };

  it.each([
    ['text/html', PAGE],
    ['text/html', ''],
    ['text/plain; charset=utf-8', 'no such size'],
    [undefined, PAGE],
    ['application/octet-stream', PAGE],
    ['image/jpeg', PAGE],
    ['image/jpeg', `\ufeff\n  ${PAGE}`],
    ['image/jpeg', '{"error":"no such size"}'],
    ['image/svg+xml', PAGE],
    ['application/json', '{"success":false,"status_code":34}'],
    ['application/xml', '<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>'],
    ['text/html', '<html><body><svg xmlns="http://www.w3.org/2000/svg"/></body></html>'],
  ])('200 %s %j', (type, body) => {
    expect(stands(200, type, body)).toBe(404);
  });

  it.each([
    ['application/json', '{"success":false,"status_code":11,"status_message":"Internal error"}'],
    ['image/jpeg', '{"success":false'],
    ['image/jpeg', '{"status_code":1'],
  ])('an error of the host with 200 (%s %j) is no word on the file', (type, body) => {
    expect(stands(200, type, body)).toBe(502);
  });

  it.each([
    ['image/jpeg', JPEG],
    ['image/jpeg', Buffer.from('RIFF\0\0\0\0WEBPVP8 ')], // under a wrong name, but a picture
    ['text/html', JPEG],
    [undefined, JPEG],
    ['image/heic', Buffer.from('\0\0\0\x18ftypheic', 'latin1')],
    ['image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg">'],
    ['image/svg+xml', '<?xml version="1.0'], // the first bytes of a long prolog
    ['image/svg+xml', '<!-- Generator: Ad'],
    ['application/octet-stream', Buffer.from([1, 2, 3, 4])],
  ])('not 200 %s %#', (type, body) => {
    expect(stands(200, type, body)).toBeUndefined();
  });

  it('what a parent proxy has said already is left as it is, with the lifetime it has there', () => {
    const said = site.instead?.(shared(PATH), 404, HTML, Buffer.from(PAGE))?.body ?? '';
    expect(stands(404, 'application/json;charset=utf-8', said)).toBeUndefined();
  });

  it('nothing of the API', () => {
    expect(stands(404, 'text/html', PAGE, '/3/movie/1')).toBeUndefined();
    expect(stands(200, 'text/html', PAGE, '/3/movie/1')).toBeUndefined();
  });
});
