import { describe, expect, test } from 'vitest';
import { makeScrubber, sanitizeUrl } from '../../../src/observe/redact.js';

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
