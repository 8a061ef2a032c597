import { describe, expect, it } from 'vitest';
import { targetOf } from '../../../src/warm/addresses.js';
import { requestOf, targetOfKey } from '../../../src/warm/target.js';
import { tmdb } from './sites.js';

describe('what an address stands for', () => {
  it.each([
    ['/3/movie/550', '/3/movie/550'],
    [
      ' /3/movie/550?language=de&append_to_response=credits ',
      '/3/movie/550?append_to_response=credits&language=de',
    ],
    ['https://api.themoviedb.org/3/tv/1399?language=en-US', '/3/tv/1399?language=en-US'],
    ['api.tmdb.org/3/tv/1399', '/3/tv/1399'],
    ['http://my-proxy.lan:6635/3/person/287#top', '/3/person/287'],
    ['https://proxy.example/tmdb/3/movie/550?language=de', '/3/movie/550?language=de'],
    ['https://proxy.example/a/b/t/p/w500/a.jpg', '/t/p/w500/a.jpg'],
    ['https://www.themoviedb.org/review/5488c29bc3a3686f4a00004a', '/3/review/5488c29bc3a3686f4a00004a'],
    ['https://image.tmdb.org/t/p/w500//a.jpg', '/t/p/w500/a.jpg'],
    ['https://www.themoviedb.org/t/p/w500/a.jpg', '/t/p/w500/a.jpg'],
    ['https://www.themoviedb.org/movie/550-fight-club', '/3/movie/550'],
    ['www.themoviedb.org/movie/550-fight-club/cast', '/3/movie/550'],
    ['https://www.themoviedb.org/movie/550?language=de-DE', '/3/movie/550?language=de-DE'],
    ['https://www.themoviedb.org/tv/1399-x/season/1/episode/2', '/3/tv/1399/season/1/episode/2'],
    ['https://www.themoviedb.org/collection/10-star-wars', '/3/collection/10'],
    ['https://www.themoviedb.org/movie/top-rated', '/3/movie/top_rated'],
    ['https://www.themoviedb.org/tv', '/3/tv/popular'],
    ['/3/search/movie?query=Amélie', '/3/search/movie?query=Am%C3%A9lie'],
    ['v1:api:/3/movie/550?language=de', '/3/movie/550?language=de'],
    ['v1:image:/t/p/w500/a.jpg accept=webp', '/t/p/w500/a.jpg accept=webp'],
  ])('%s is %s', (address, target) => {
    expect(targetOf(tmdb, address)).toBe(target);
  });

  it.each([
    '/3/movie/550?api_key=theirs',
    'https://api.themoviedb.org/3/movie/550?api_key=theirs',
    'https://user:theirs@api.themoviedb.org/3/movie/550',
  ])('no credential is left in it: %s', (address) => {
    expect(targetOf(tmdb, address)).toBe('/3/movie/550');
  });

  it.each([
    '/3/account/1',
    '/3/movie/550/account_states?session_id=theirs',
    '/3/movie/550?session_id=theirs',
    '/3/guest_session/theirs/rated/movies',
    '/3/authentication/token/new',
    '/3/movie/6&api_key=theirs',
    '/dashboard',
    'https://www.themoviedb.org/login',
    'https://www.themoviedb.org/tv/now-playing',
    'https://www.themoviedb.org/movie/airing-today',
    'https://www.themoviedb.org/person/top-rated',
    'movie 550',
    '',
    'v1:api:/3/account',
  ])('what may not be shared is nothing: %s', (address) => {
    expect(targetOf(tmdb, address)).toBeUndefined();
  });
});

describe('targets and keys', () => {
  it.each([
    ['/3/movie/550?language=de', []],
    ['/t/p/w500/a.jpg', []],
    ['/t/p/w500/a.jpg accept=webp', ['Accept', 'image/webp']],
  ])('%s asks for the very entry whose key it was', (target, headers) => {
    const request = requestOf(target);
    expect(request.headers).toEqual(headers);
    const route = tmdb.route(request);
    expect(route.kind === 'shared' && targetOfKey(route.key)).toBe(target);
  });

  it('a variant chosen by Vary, and what is too long for any client, is none', () => {
    expect(targetOfKey('v1:custom:/a\nlanguage=de')).toBeUndefined();
    expect(targetOfKey(`v1:api:/3/${'a'.repeat(9000)}`)).toBeUndefined();
  });
});
