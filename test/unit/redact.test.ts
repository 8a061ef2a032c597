import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeScrubber, sanitizeUrl } from '../../src/redact/redact.js';
import { decodedThrough } from '../../src/redact/session-path.js';

describe('sanitizeUrl', () => {
  test.each([
    ['/3/movie/1?api_key=abc&language=de', '/3/movie/1?api_key=***&language=de'],
    ['/3/movie/1?language=de', '/3/movie/1?language=de'],
    ['/3/movie/1', '/3/movie/1'],
    ['/3/a?API_KEY=abc', '/3/a?API_KEY=***'],
    ['/3/a?api%5Fkey=abc', '/3/a?api%5Fkey=***'],
    ['/3/a?%61pi_key=abc&&x=', '/3/a?%61pi_key=***&&x='],
    [
      '/3/a?session_id=a&guest_session_id=b&request_token=c&access_token=d&password=e',
      '/3/a?session_id=***&guest_session_id=***&request_token=***&access_token=***&password=***',
    ],
    ['https://joe:pw@host/x?y=1#z', 'https://***@host/x?y=1#z'],
    ['https://joe:p@w@host/x', 'https://***@host/x'],
    [
      '/3/guest_session/1ce82ec1223641636ad4a60b07de3581/rated/movies?page=1',
      '/3/guest_session/***/rated/movies?page=1',
    ],
    ['/3/authentication/guest_session/new?api_key=a', '/3/authentication/guest_session/new?api_key=***'],
    ['/r?to=https%3A%2F%2Fx%2F%3Fapi_key%3Dabc', '/r?to=***'],
    ['/r?a=1;api_key=abc', '/r?a=***'],
    ['/3/a?api_key=', '/3/a?api_key='],
    ['/3/a?api_key=abc%', '/3/a?api_key=***'],
    ['/3/a?%zz=1', '/3/a?%zz=1'],
    ['?', '?'],
  ])('%s', (url, cleaned) => {
    expect(sanitizeUrl(url)).toBe(cleaned);
    expect(sanitizeUrl(cleaned)).toBe(cleaned);
  });
  test('masks values equal to a known secret, encoded or bare', () => {
    const secrets = new Set(['s e/cret']);
    expect(sanitizeUrl('/a?x=s+e%2Fcret&y=s%20e/cret&z=1&s%20e%2Fcret', secrets)).toBe(
      '/a?x=***&y=***&z=1&***',
    );
  });
});

describe('the id of a guest session, however its path is spelled', () => {
  const ID = '1ce82ec1223641636ad4a60b07de3581';
  test.each([
    [`/3/guest%5Fsession/${ID}/rated/movies`, '/3/guest_session/***/rated/movies'],
    [`/3/guest%5fsession/${ID}?page=1`, '/3/guest_session/***?page=1'],
    [`/3//guest_session//${ID}`, '/3/guest_session/***'],
    [`/3/guest_session/./${ID}`, '/3/guest_session/***'],
    [`/3/guest_session/x/../${ID}`, '/3/guest_session/***'],
    [`/3/guest_session/new/../${ID}/rated/tv`, '/3/guest_session/***/rated/tv'],
    [`/3/guest_session/${ID}/../../movie/1`, '/3/movie/1'],
    [`/3/%67uest_session/${ID}`, '/3/guest_session/***'],
    [`/4/guest_session/${ID}`, '/4/guest_session/***'],
    [`/3/Guest_Session/${ID}`, '/3/Guest_Session/***'],
    [`/3/guest_session/new.${ID}`, '/3/guest_session/***'],
    // What the router refuses.
    [`/3/guest_session%2F${ID}`, '/3/guest_session***'],
    [`/3/guest_session\\${ID}`, '/3/guest_session***'],
    [`/3/GUEST%5Fsession%2f${ID}`, '/3/guest_session***'],
    [`/3/guest%255Fsession/${ID}`, '/3/guest_session***'],
    [`/3/%2567uest_session%252F${ID}`, '/3/guest_session***'],
    [`/3/guest%25%35%46session/${ID}`, '/***'],
    [`/3/guest_session/%2e%2e/${ID}`, '/3/guest_session***'],
    [`/3/x?to=guest%255Fsession%252F${ID}`, '/3/x?to=***'],
    [`/3/x#/guest_session/${ID}`, '/3/x#***'],
    [`https://host:1/3//guest_session/${ID}`, 'https://host:1/3/guest_session/***'],
    // No id.
    ['/3/authentication//guest_session/new', '/3/authentication/guest_session/new'],
    ['/3/guest_session/new?api_key=a', '/3/guest_session/new?api_key=***'],
    ['/3/movie//550%2D1', '/3/movie//550%2D1'],
  ])('%s', (url, cleaned) => {
    expect(sanitizeUrl(url)).toBe(cleaned);
    expect(sanitizeUrl(cleaned)).toBe(cleaned);
  });
});

describe('escapes of escapes', () => {
  const once = (text: string) =>
    text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const repeatedly = (text: string): string => (once(text) === text ? text : repeatedly(once(text)));

  test('are decoded in one pass to what decoding again and again comes to', () => {
    const pieces = fc.constantFrom('%', '25', '2', '5', '3', '41', '%25', '%32', '%35', '%5f', 'g', 'é', '/');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        const text = parts.join('');
        expect(decodedThrough(text)).toBe(repeatedly(text));
      }),
    );
    expect(decodedThrough('%%%3341')).toBe('A');
  });
});

describe('what takes a client no effort takes us none', () => {
  const LONG = 16_000;
  /** Ten times what each takes, and less than it took; of the processor, which others may use meanwhile. */
  const BOUND_MS = 60;
  const used = () => process.cpuUsage().user / 1000;
  test.each([
    ['a long word', `/${'a'.repeat(LONG)}@`],
    ['a long word behind a suspicious one', `/3/movie/1?a=key%20${'a'.repeat(LONG)}`],
    ['escapes of escapes', `/%${'25'.repeat(LONG / 2)}`],
    ['the same, with a digit hidden each time', `/%${'%3'.repeat(LONG / 2)}1`],
    ['nothing but separators', `/3/movie/1?${'&'.repeat(LONG)}`],
  ])('%s', (_what, url) => {
    const began = used();
    sanitizeUrl(url);
    makeScrubber(['a secret'])(`key ${url}`);
    expect(used() - began).toBeLessThan(BOUND_MS);
  });
});

describe('parameters that are credentials of other APIs', () => {
  test.each([
    [
      '/a?token=x&secret=y&access_key=z&key=k&auth=a',
      '/a?token=***&secret=***&access_key=***&key=***&auth=***',
    ],
    ['/a?Access-Key=x&%6Bey=y&key[]=z', '/a?Access-Key=***&%6Bey=***&key[]=***'],
    ['/a?keys=1&tokens=2&with_keywords=3&author=4', '/a?keys=1&tokens=2&with_keywords=3&author=4'],
    ['/a?x=1#token=y', '/a?x=1#token=***'],
    ['/a#token=y', '/a#token=***'],
  ])('%s', (url, cleaned) => {
    expect(sanitizeUrl(url)).toBe(cleaned);
    expect(sanitizeUrl(cleaned)).toBe(cleaned);
  });
});

describe('makeScrubber', () => {
  const scrub = makeScrubber(['planted-secret', 'planted-secret-longer', 'sp ace/ä', 'quo"te', 'abc']);
  test.each([
    ['nothing here', 'nothing here'],
    ['the planted-secret twice planted-secret', 'the *** twice ***'],
    ['planted-secret-longer', '***'],
    ['sp ace/ä and sp%20ace%2F%C3%A4 and sp%20ace%2f%c3%a4', '*** and *** and ***'],
    ['{"a":"quo\\"te"}', '{"a":"***"}'],
    ['too short to hide: abc', 'too short to hide: abc'],
    ['GET /3/x?api_key=foreign&language=de failed', 'GET /3/x?api_key=***&language=de failed'],
    ['to=%2F3%3Fapi_key%3Dforeign%26x', 'to=%2F3%3Fapi_key%3D***%26x'],
    ['{"session_id":"foreign","x":1}', '{"session_id":"***","x":1}'],
    ['"{\\"request_token\\":\\"foreign\\"}"', '"{\\"request_token\\":\\"***\\"}"'],
    ["{ password: 'foreign' }", "{ password: '***' }"],
    ['Authorization: Bearer eyJhbGciOi.x.y', 'Authorization: Bearer ***'],
    ['connect redis://u:pw@host:1 failed', 'connect redis://***@host:1 failed'],
    ['/3/guest_session/abcdef/rated/tv', '/3/guest_session/***/rated/tv'],
    ['set ADMIN_API_KEY to use management', 'set ADMIN_API_KEY to use management'],
  ])('%s', (text, cleaned) => {
    expect(scrub(text)).toBe(cleaned);
    expect(scrub(cleaned)).toBe(cleaned);
  });
  test('no secret at all is fine', () => {
    expect(makeScrubber([])('plain')).toBe('plain');
  });
});
