import { describe, expect, it, test } from 'vitest';
import {
  fieldsNotStored,
  type NotStorable,
  type StorableOptions,
  storability,
} from '../../../src/http/storable.js';
import { responsePolicy } from '../../../src/http/targeted.js';

interface Case {
  method?: string;
  request?: string[];
  status?: number;
  headers?: string[];
  options?: StorableOptions;
}

const judge = ({ method = 'GET', request = [], status = 200, headers = [], options = {} }: Case) => {
  const verdict = storability(method, request, { status, headers }, options);
  return verdict.store ? 'store' : verdict.reason;
};
const cc = (value: string) => ['Cache-Control', value];
const AUTH = ['Authorization', 'Bearer x'];
const URI = 'http://example.com/a';

test.each<[why: string, expected: 'store' | NotStorable, given: Case]>([
  ['a plain 200', 'store', {}],
  ['max-age', 'store', { headers: cc('max-age=60') }],
  ['no-cache is stored, to be validated', 'store', { headers: [...cc('no-cache'), 'ETag', '"a"'] }],
  ['HEAD has no body to store', 'method', { method: 'HEAD' }],
  ['POST', 'method', { method: 'POST', headers: cc('max-age=60') }],
  [
    'POST that names itself and is fresh',
    'store',
    { method: 'POST', headers: [...cc('max-age=60'), 'Content-Location', '/a'], options: { targetUri: URI } },
  ],
  [
    'POST that names itself without freshness',
    'method',
    { method: 'POST', headers: ['Content-Location', '/a'], options: { targetUri: URI } },
  ],
  [
    'POST that names another',
    'method',
    { method: 'POST', headers: [...cc('max-age=60'), 'Content-Location', '/b'], options: { targetUri: URI } },
  ],
  ['103 is interim', 'interim-status', { status: 103, headers: cc('max-age=60') }],
  ['a one-byte 206 under the full key', 'partial', { status: 206, headers: cc('max-age=60') }],
  ['304 is no entry', 'not-modified', { status: 304, headers: cc('max-age=60') }],
  ['no such status', 'not-understood', { status: 600, headers: cc('max-age=60') }],
  ['an unknown status with explicit freshness', 'store', { status: 599, headers: cc('max-age=60') }],
  [
    'an unknown status with must-understand',
    'not-understood',
    { status: 599, headers: cc('max-age=60, must-understand') },
  ],
  [
    'must-understand lifts no-store from a known status',
    'store',
    { headers: cc('must-understand, no-store, max-age=60') },
  ],
  [
    'must-understand lifts nothing from an unknown one',
    'not-understood',
    { status: 599, headers: cc('must-understand, no-store, max-age=60') },
  ],
  ['500 without freshness', 'not-cacheable', { status: 500 }],
  ['500 with freshness', 'store', { status: 500, headers: cc('max-age=60') }],
  ['500 with Expires', 'store', { status: 500, headers: ['Expires', '0'] }],
  ['500 that is public', 'store', { status: 500, headers: cc('public') }],
  ['NO-STORE in capitals', 'no-store', { headers: cc('NO-STORE, max-age=60') }],
  ['no-store with an argument', 'no-store', { headers: cc('no-store="x"') }],
  ['no-store for CDNs', 'no-store', { headers: ['CDN-Cache-Control', 'no-store', ...cc('max-age=60')] }],
  ['no-store of the request', 'request-no-store', { request: cc('no-store') }],
  ['private', 'private', { headers: cc('private, max-age=60') }],
  ['private with fields concerns the fields', 'store', { headers: cc('private="a", max-age=60') }],
  ['Authorization', 'authorization', { request: AUTH, headers: cc('max-age=60') }],
  ['Authorization and public', 'store', { request: AUTH, headers: cc('max-age=60, public') }],
  [
    'Authorization and must-revalidate',
    'store',
    { request: AUTH, headers: cc('max-age=60, must-revalidate') },
  ],
  ['Authorization and s-maxage', 'store', { request: AUTH, headers: cc('s-maxage=60') }],
  ["Authorization of the proxy's own", 'store', { request: AUTH, options: { sharedAuthorization: true } }],
  [
    'Set-Cookie is never stored (I-20)',
    'set-cookie',
    { headers: [...cc('public, max-age=60'), 'SET-COOKIE', 'a=b'] },
  ],
  [
    'Set-Cookie by the letter, where the origin gave a lifetime (RFC 9111 section 7.3)',
    'store',
    { headers: [...cc('max-age=60'), 'Set-Cookie', 'a=b'], options: { setCookie: 'explicit' } },
  ],
  [
    'Set-Cookie by the letter, where a lifetime would be guessed',
    'set-cookie',
    { headers: ['Set-Cookie', 'a=b'], options: { setCookie: 'explicit' } },
  ],
  [
    'Set-Cookie by the letter, where Expires is not addressed to us (RFC 9213 section 2.2)',
    'set-cookie',
    {
      headers: [
        'CDN-Cache-Control',
        'public',
        'Expires',
        'Thu, 01 Jan 2099 00:00:00 GMT',
        'Set-Cookie',
        'a=b',
      ],
      options: { setCookie: 'explicit' },
    },
  ],
  [
    'Set-Cookie that is stripped anyway',
    'store',
    { headers: [...cc('max-age=60, no-cache="set-cookie"'), 'Set-Cookie', 'a=b'] },
  ],
  ['Vary: * matches no request', 'vary-any', { headers: [...cc('max-age=60'), 'Vary', 'Accept, *'] }],
])('%s → %s', (_why, expected, given) => {
  expect(judge(given)).toBe(expected);
});

describe('fields that are not stored', () => {
  it('are those of private="…" and no-cache="…"', () => {
    const { directives } = responsePolicy(cc('private="X-User", no-cache="Set-Cookie, X-Id", max-age=60'));
    expect(fieldsNotStored(directives)).toEqual(['x-user', 'set-cookie', 'x-id']);
  });
});
