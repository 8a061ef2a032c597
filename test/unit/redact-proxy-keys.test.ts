import { describe, expect, it } from 'vitest';
import { makeScrubber, sanitizeUrl } from '../../src/redact/redact.js';
import { newKey } from '../../src/tenants/key-text.js';

const { key, id } = newKey(new Set());
const scrub = makeScrubber([]);

describe('a proxy key made here is masked wherever it stands, and known by its id', () => {
  it.each([
    ['in a sentence', `the key ${key} is wrong`, `the key tcp_${id}_*** is wrong`],
    ['at the end', `key=${key}`, `key=tcp_${id}_***`],
    ['in JSON', JSON.stringify({ note: key }), JSON.stringify({ note: `tcp_${id}_***` })],
    ['encoded', key.replaceAll('_', '%5F'), `tcp%5F${id}%5F***`],
  ])('in text: %s', (_where, text, masked) => {
    expect(scrub(text)).toBe(masked);
    expect(scrub(masked)).toBe(masked);
  });

  it.each([
    ['as api_key', `/3/movie/1?api_key=${key}&a=1`, '/3/movie/1?api_key=***&a=1'],
    ['under another name', `/3/movie/1?key=${key}`, '/3/movie/1?key=***'],
    ['alone', `/3/movie/1?${key}`, `/3/movie/1?tcp_${id}_***`],
    ['in the path', `/3/movie/${key}`, `/3/movie/tcp_${id}_***`],
    ['in the path before a query', `/3/movie/${key}?a=1`, `/3/movie/tcp_${id}_***?a=1`],
  ])('in an address: %s', (_where, url, masked) => {
    expect(sanitizeUrl(url)).toBe(masked);
  });

  it('and nothing else is', () => {
    for (const text of ['tcp_nodelay is on', 'tcp_keepalive_time 7200', '/3/movie/tcp_1', 'tcp_retries2=15'])
      expect(scrub(text)).toBe(text);
  });
});
