import { describe, expect, it, test } from 'vitest';
import { freshnessLifetime } from '../../../src/http/freshness.js';
import { isServerFailure, isUnderstood } from '../../../src/http/status.js';
import { storability } from '../../../src/http/storable.js';

const NOW = Date.UTC(2026, 0, 11);
const GUESSABLE = ['Date', 'Sun, 11 Jan 2026 00:00:00 GMT', 'Last-Modified', 'Thu, 01 Jan 2026 00:00:00 GMT'];
const with_ = (value: string) => ['Cache-Control', value, ...GUESSABLE];

/** A letter for each way a response may be kept: `S` stored and fresh, `s` stored stale, `-` not stored. */
function kept(status: number, headers: string[]): string {
  if (!storability('GET', [], { status, headers }).store) return '-';
  return freshnessLifetime({ status, headers }, { responseTime: NOW }).lifetimeMs > 0 ? 'S' : 's';
}

/**
 * What makes a response storable, in the columns: an explicit lifetime; nothing but Last-Modified (heuristic, RFC 9110
 * section 15.1); `public` (RFC 9111 section 4.2.2); `must-understand, no-store, max-age` (RFC 9111 section 5.2.2.3).
 */
test.each<[status: number, name: string, explicit: string, guess: string, pub: string, understood: string]>([
  [100, 'Continue', '-', '-', '-', '-'],
  [101, 'Switching Protocols', '-', '-', '-', '-'],
  [103, 'Early Hints, RFC 8297', '-', '-', '-', '-'],
  [200, 'OK', 'S', 'S', 'S', 'S'],
  [201, 'Created', 'S', '-', 'S', 'S'],
  [202, 'Accepted', 'S', '-', 'S', 'S'],
  [203, 'Non-Authoritative Information', 'S', 'S', 'S', 'S'],
  [204, 'No Content', 'S', 'S', 'S', 'S'],
  [205, 'Reset Content', 'S', '-', 'S', 'S'],
  [206, 'Partial Content nobody asked for', '-', '-', '-', '-'],
  [226, 'IM Used, RFC 3229: not implemented', 'S', '-', 'S', '-'],
  [299, 'unassigned', 'S', '-', 'S', '-'],
  [300, 'Multiple Choices', 'S', 'S', 'S', 'S'],
  [301, 'Moved Permanently', 'S', 'S', 'S', 'S'],
  [302, 'Found', 'S', '-', 'S', 'S'],
  [303, 'See Other', 'S', '-', 'S', 'S'],
  [304, 'Not Modified is never an entry', '-', '-', '-', '-'],
  [307, 'Temporary Redirect', 'S', '-', 'S', 'S'],
  [308, 'Permanent Redirect', 'S', 'S', 'S', 'S'],
  [400, 'Bad Request', 'S', '-', 'S', 'S'],
  [401, 'Unauthorized', 'S', '-', 'S', 'S'],
  [402, 'Payment Required', 'S', '-', 'S', 'S'],
  [403, 'Forbidden', 'S', '-', 'S', 'S'],
  [404, 'Not Found', 'S', 'S', 'S', 'S'],
  [405, 'Method Not Allowed', 'S', 'S', 'S', 'S'],
  [406, 'Not Acceptable', 'S', '-', 'S', 'S'],
  [407, 'Proxy Authentication Required', 'S', '-', 'S', 'S'],
  [408, 'Request Timeout', 'S', '-', 'S', 'S'],
  [409, 'Conflict', 'S', '-', 'S', 'S'],
  [410, 'Gone', 'S', 'S', 'S', 'S'],
  [411, 'Length Required', 'S', '-', 'S', 'S'],
  [412, 'Precondition Failed', 'S', '-', 'S', 'S'],
  [413, 'Content Too Large', 'S', '-', 'S', 'S'],
  [414, 'URI Too Long', 'S', 'S', 'S', 'S'],
  [415, 'Unsupported Media Type', 'S', '-', 'S', 'S'],
  [416, 'Range Not Satisfiable', 'S', '-', 'S', 'S'],
  [417, 'Expectation Failed', 'S', '-', 'S', 'S'],
  [421, 'Misdirected Request', 'S', '-', 'S', 'S'],
  [422, 'Unprocessable Content', 'S', '-', 'S', 'S'],
  [425, 'Too Early, RFC 8470: not implemented', 'S', '-', 'S', '-'],
  [426, 'Upgrade Required', 'S', '-', 'S', 'S'],
  [428, 'Precondition Required, RFC 6585 section 3', '-', '-', '-', '-'],
  [429, 'Too Many Requests, RFC 6585 section 4', '-', '-', '-', '-'],
  [431, 'Request Header Fields Too Large, RFC 6585 section 5', '-', '-', '-', '-'],
  [451, 'Unavailable For Legal Reasons, RFC 7725', 'S', 'S', 'S', 'S'],
  [499, 'unassigned', 'S', '-', 'S', '-'],
  [500, 'Internal Server Error', 'S', '-', 'S', 'S'],
  [501, 'Not Implemented', 'S', 'S', 'S', 'S'],
  [502, 'Bad Gateway', 'S', '-', 'S', 'S'],
  [503, 'Service Unavailable', 'S', '-', 'S', 'S'],
  [504, 'Gateway Timeout', 'S', '-', 'S', 'S'],
  [505, 'HTTP Version Not Supported', 'S', '-', 'S', 'S'],
  [511, 'Network Authentication Required, RFC 6585 section 6', '-', '-', '-', '-'],
  [599, 'unassigned', 'S', '-', 'S', '-'],
  [600, 'no status', '-', '-', '-', '-'],
  [999, 'no status', '-', '-', '-', '-'],
])('%d %s: explicit %s, heuristic %s, public %s, must-understand %s', (status, _name, ...expected) => {
  expect([
    kept(status, with_('max-age=60')),
    kept(status, GUESSABLE),
    kept(status, with_('public')),
    kept(status, with_('must-understand, no-store, max-age=60')),
  ]).toEqual(expected);
});

describe('must-understand, RFC 9111 section 5.2.2.3', () => {
  test.each<[why: string, status: number, value: string, expected: string]>([
    ['no status it does not know is stored', 599, 'must-understand, max-age=60', '-'],
    ['it may come after the no-store it lifts', 200, 'no-store, max-age=60, MUST-UNDERSTAND', 'S'],
    ['no-store counts alone', 200, 'no-store, max-age=60', '-'],
    ['it gives no lifetime', 302, 'must-understand, no-store', '-'],
    ['with an argument it lifts nothing', 200, 'must-understand=no, no-store, max-age=60', '-'],
    ['with an argument it still restricts', 599, 'must-understand=no, max-age=60', '-'],
    ['it does not lift private', 200, 'must-understand, no-store, private, max-age=60', '-'],
  ])('%s', (_why, status, value, expected) => {
    expect(kept(status, with_(value))).toBe(expected);
  });
});

it('a stale response stands in for 500, 502, 503 and 504 alone (RFC 5861 section 4)', () => {
  const all = Array.from({ length: 600 }, (_, status) => status);
  expect(all.filter(isServerFailure)).toEqual([500, 502, 503, 504]);
  expect(all.filter((status) => isUnderstood(status) && (status < 200 || status > 511))).toEqual([]);
});
