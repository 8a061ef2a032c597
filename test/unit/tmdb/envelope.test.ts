import { describe, expect, it } from 'vitest';
import { policy, shared } from './tools.js';

const site = policy();
const JSON_TYPE = ['Content-Type', 'application/json;charset=utf-8'];
const api = shared('/3/movie/550');
const image = shared('/t/p/w500/x.jpg');

describe('an API body', () => {
  it.each([
    [200, '{"id":550}', undefined],
    [200, '[]', undefined],
    [200, '{"success":false,"status_code":7,"status_message":"x"}', 'error-envelope'],
    [200, '{"status_code":25}', 'error-envelope'],
    [200, '{"success":true,"status_code":1}', 'error-envelope'],
    [201, '{"success":true,"status_code":12}', 'error-envelope'],
    [200, '{"success":false}', 'error-envelope'],
    [200, '{"success":true,"id":1}', undefined],
    [200, '{"results":[{"status_code":25,"success":false}]}', undefined],
    [200, '{"overview":"\\"status_code\\":25"}', undefined],
    [200, '{"status_code":"late"}', undefined],
    [200, '{"id":550', 'truncated'],
    [200, '', 'truncated'],
    [200, '\u001f\u008b', 'truncated'],
    [404, '{"success":false,"status_code":34,"status_message":"x"}', undefined],
    [404, '{"success":false,"status_code":6,"status_message":"x"}', undefined],
    [404, '{"success":false,"status_code":25,"status_message":"x"}', 'error-envelope'],
    [404, '{"message":"no route"}', 'error-envelope'],
    [404, '{"success":fal', 'truncated'],
    [301, '', undefined],
  ])('%i %s: %s', (status, body, fault) => {
    expect(site.inspect(api, status, JSON_TYPE, Buffer.from(body))).toBe(fault);
  });
  it('that is a page is not a resource', () => {
    expect(site.inspect(api, 200, ['content-type', 'text/html'], Buffer.from('{}'))).toBe('error-envelope');
    expect(site.inspect(api, 404, ['content-type', 'text/html'], Buffer.from('<p>'))).toBe('error-envelope');
  });
  it('without a type is judged by its bytes', () => {
    expect(site.inspect(api, 200, [], Buffer.from('{"id":1}'))).toBeUndefined();
    expect(site.inspect(api, 200, [], Buffer.from('<html>'))).toBe('truncated');
  });
});

describe('an image body', () => {
  const PNG = Buffer.from('89504e470d0a1a0a00', 'hex');
  const JPEG = Buffer.from('ffd8ffe000', 'hex');
  const WEBP = Buffer.from('RIFF\0\0\0\0WEBPVP8 ');
  const svg = (text: string) => Buffer.from(text);
  it.each([
    ['image/jpeg', JPEG, undefined],
    ['Image/JPEG; x=y', JPEG, undefined],
    ['image/png', PNG, undefined],
    ['image/webp', WEBP, undefined],
    ['image/gif', Buffer.from('GIF89a'), undefined],
    ['image/svg+xml', svg('<svg xmlns="http://www.w3.org/2000/svg"/>'), undefined],
    [
      'image/svg+xml',
      svg('\uFEFF<?xml version="1.0"?>\n<!-- a -->\n<!DOCTYPE svg PUBLIC "a" "b">\n<svg>'),
      undefined,
    ],
    ['image/svg+xml', svg('<!DOCTYPE html><html><svg>'), 'not-an-image'],
    ['image/svg+xml', svg('<html><svg></svg></html>'), 'not-an-image'],
    ['image/jpeg', PNG, 'not-an-image'],
    ['image/png', JPEG, 'not-an-image'],
    ['image/jpeg', svg('<html>'), 'not-an-image'],
    ['image/jpeg', Buffer.alloc(0), 'not-an-image'],
    ['image/png', Buffer.from('89504e47', 'hex'), 'not-an-image'],
    ['text/html', JPEG, 'not-an-image'],
    ['application/octet-stream', JPEG, 'not-an-image'],
  ])('%s %j: %s', (type, body, fault) => {
    expect(site.inspect(image, 200, ['Content-Type', type], body)).toBe(fault);
  });
  it('without a type is none', () => {
    expect(site.inspect(image, 200, [], JPEG)).toBe('not-an-image');
  });
  it('of an error may be anything: it is kept as a short negative answer', () => {
    expect(site.inspect(image, 404, ['Content-Type', 'text/html'], svg('<html>'))).toBeUndefined();
  });
});

describe('our own errors', () => {
  it.each([
    [400, 'bad_target', 47],
    [404, 'not_found', 34],
    [405, 'method_refused', 42],
    [429, 'origin_rate_limited', 25],
    [500, 'internal', 11],
    [502, 'origin_unreachable', 43],
    [503, 'origin_breaker_open', 9],
    [504, 'origin_timeout', 24],
    [504, 'unheard_of', 24],
    [418, 'toString', 11],
  ])('%i %s is number %i', (status, code, number) => {
    const { type, body } = site.errorBody(status, code, 'It failed');
    expect(type).toMatch(/^application\/json/);
    expect(JSON.parse(body)).toMatchObject({ success: false, status_code: number });
  });
  it('say once what to do next', () => {
    const { body } = site.errorBody(504, 'origin_timeout', 'No head within 10 s');
    const message = (JSON.parse(body) as { status_message: string }).status_message;
    expect(message).toBe('No head within 10 s. The origin did not answer in time. Try again shortly.');
    expect(JSON.parse(site.errorBody(504, 'origin_timeout', message).body)).toMatchObject({
      status_message: message,
    });
  });
});
