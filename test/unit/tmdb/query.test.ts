import { describe, expect, it } from 'vitest';
import { parseQuery, withoutApiKeys } from '../../../src/tmdb/query.js';
import { routed, shared } from './tools.js';

describe('the query of a key', () => {
  it.each([
    // The URL shapes clients are known to send (TMDB.md, Parameters and Clients).
    ['api_key=K&&language=zh', 'language=zh'],
    ['', ''],
    ['&', ''],
    ['api_key=K', ''],
    ['language=zh&region=', 'language=zh'],
    ['language=zh&region', 'language=zh'],
    ['=', ''],
    ['&&a=1&&&b=2&', 'a=1&b=2'],
    // Order.
    ['page=2&language=de', 'language=de&page=2'],
    ['b=2&a=1&b=1', 'a=1&b=2&b=1'],
    ['include_image_language=en,null&language=en', 'include_image_language=en,null&language=en'],
    ['append_to_response=videos,credits', 'append_to_response=videos,credits'],
    // One spelling for what decodes alike.
    ['append_to_response=videos%2ccredits', 'append_to_response=videos,credits'],
    ['with_genres=1|2', 'with_genres=1%7C2'],
    ['with_genres=1%7c2', 'with_genres=1%7C2'],
    ['query=fight+club', 'query=fight%20club'],
    ['query=fight%20club', 'query=fight%20club'],
    ['q%75ery=%66ight', 'query=fight'],
    ['query=a%2Bb', 'query=a%2Bb'],
    ['query=100%', 'query=100%25'],
    ['query=100%25', 'query=100%25'],
    ['query=%25e9', 'query=%25e9'],
    ['query=a=b', 'query=a%3Db'],
    ['query=a%26b%3dc', 'query=a%26b%3Dc'],
    ['query=%e5%90%83', 'query=%E5%90%83'],
    ['query=\u00e5\u0090\u0083', 'query=%E5%90%83'],
    ['timezone=America/New_York', 'timezone=America/New_York'],
    ['query=Steins;Gate', 'query=Steins;Gate'],
    ['query=Steins%3BGate', 'query=Steins%3BGate'],
    // Kept: case, what has no name, an empty value beside a full one.
    ['language=de-DE', 'language=de-DE'],
    ['Language=de', 'Language=de'],
    ['=x', '=x'],
    ['language=de&language=', 'language=de&language='],
    // Credentials under other spellings.
    ['API_KEY=K&a=1', 'a=1'],
    ['api%5Fkey=K&a=1', 'a=1'],
    ['api_key%5b%5d=K&a=1', 'a=1'],
    ['apikey=K&a=1', 'a=1'],
    ['api-key=K&a=1', 'a=1'],
  ])('%s becomes %s', (raw, canonical) => {
    expect(parseQuery(raw).canonical).toBe(canonical);
    expect(parseQuery(canonical).canonical).toBe(canonical);
  });

  it("finds the client's own key, the first one that is not empty", () => {
    expect(parseQuery('api_key=&a=1&api_key=K1&api_key=K2').apiKey).toBe('K1');
    expect(parseQuery('api_key=').apiKey).toBeUndefined();
  });

  it('is left out of the key together with its question mark when nothing remains', () => {
    expect(shared('/3/movie/550?').key).toBe('v1:api:/3/movie/550');
    expect(shared('/3/movie/550?api_key=K').key).toBe('v1:api:/3/movie/550');
    expect(shared('/3/movie/550').key).toBe('v1:api:/3/movie/550');
  });

  it('keeps a trailing slash apart', () => {
    expect(shared('/3/movie/550/').key).toBe('v1:api:/3/movie/550/');
  });

  it.each([
    '/3/search/movie?query=%00',
    '/3/search/movie?query=a b',
    '/3/search/movie?query=a#b',
    '/3/search/movie?query=日',
  ])('refuses %s', (target) => {
    expect(routed(target)).toMatchObject({ kind: 'refuse', code: 'bad_target' });
  });
});

describe('withoutApiKeys', () => {
  it('removes nothing else', () => {
    expect(withoutApiKeys('api_key=K&&language=zh&region=&Api_Key=')).toBe('&language=zh&region=');
  });
});
