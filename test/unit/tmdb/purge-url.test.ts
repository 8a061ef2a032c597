import { describe, expect, it } from 'vitest';
import { policy, shared } from './tools.js';

const site = policy({ bases: ['127.0.0.1:9000', 'proxy.example/tmdb/'] });

describe('a purge by address', () => {
  it.each([
    ['/3/movie/1', { tags: ['path:/3/movie/1'] }],
    ['/3/movie/1/', { tags: ['path:/3/movie/1'] }],
    ['/3//movie/1', { tags: ['path:/3/movie/1'] }],
    ['/3/movie/1?language=de&api_key=K&region=', { key: 'v1:api:/3/movie/1?language=de' }],
    ['/3/search/movie?query=日 本', { key: 'v1:api:/3/search/movie?query=%E6%97%A5%20%E6%9C%AC' }],
    ['https://api.themoviedb.org/3/movie/1', { tags: ['path:/3/movie/1'] }],
    ['http://API.TMDB.org:80/3/movie/1?page=2', { key: 'v1:api:/3/movie/1?page=2' }],
    ['https://image.tmdb.org/t/p/w500//x.jpg', { tags: ['path:/t/p/w500/x.jpg'] }],
    ['https://www.themoviedb.org/t/p/w500/x.jpg', { tags: ['path:/t/p/w500/x.jpg'] }],
    ['/t/p/w500/x.jpg?v=1', { tags: ['path:/t/p/w500/x.jpg'] }],
    ['http://127.0.0.1:9000/3/movie/1', { tags: ['path:/3/movie/1'] }],
    ['https://proxy.example/tmdb/3/movie/1', { tags: ['path:/3/movie/1'] }],
    ['https://PROXY.example:443/tmdb/t/p/w500/x.jpg', { tags: ['path:/t/p/w500/x.jpg'] }],
    ['https://www.themoviedb.org/movie/550', { tags: ['movie:550'] }],
    ['https://www.themoviedb.org/movie/550-fight-club?language=de-DE#cast', { tags: ['movie:550'] }],
    ['https://www.themoviedb.org/movie/550-fight-club/cast', { tags: ['movie:550'] }],
    ['www.themoviedb.org/tv/1399-game-of-thrones', { tags: ['tv:1399'] }],
    ['https://www.themoviedb.org/de-DE/tv/1399', { tags: ['tv:1399'] }],
    ['https://www.themoviedb.org/tv/1399/season/1', { tags: ['tv:1399:s1'] }],
    ['https://www.themoviedb.org/tv/1399-x/season/1/episode/2', { tags: ['tv:1399:s1e2'] }],
    ['https://themoviedb.org/person/287-brad-pitt', { tags: ['person:287'] }],
    ['https://www.themoviedb.org/collection/10-star-wars-collection', { tags: ['collection:10'] }],
    ['https://www.themoviedb.org/keyword/818/movie', { tags: ['keyword:818'] }],
    ['https://www.themoviedb.org/movie', { tags: ['list:movie/popular'] }],
    ['https://www.themoviedb.org/de/movie/?page=2', { tags: ['list:movie/popular'] }],
    ['https://www.themoviedb.org/movie/now-playing', { tags: ['list:movie/now_playing'] }],
    ['https://www.themoviedb.org/movie/upcoming', { tags: ['list:movie/upcoming'] }],
    ['https://www.themoviedb.org/movie/top-rated?language=de-DE', { tags: ['list:movie/top_rated'] }],
    ['https://www.themoviedb.org/tv', { tags: ['list:tv/popular'] }],
    ['https://www.themoviedb.org/tv/airing-today', { tags: ['list:tv/airing_today'] }],
    ['https://www.themoviedb.org/de-DE/tv/on-the-air', { tags: ['list:tv/on_the_air'] }],
    ['https://www.themoviedb.org/tv/top-rated', { tags: ['list:tv/top_rated'] }],
    ['https://www.themoviedb.org/person', { tags: ['list:person/popular'] }],
    [
      'https://www.themoviedb.org/review/5488c29bc3a3686f4a00004a',
      { tags: ['review:5488c29bc3a3686f4a00004a'] },
    ],
  ])('%s', (url, target) => {
    expect(site.resolveUrl(url)).toEqual(target);
  });

  it.each([
    'https://example.com/3/movie/1',
    'https://proxy.example/3/movie/1',
    'https://proxy.example/tmdbx/3/movie/1',
    'https://www.themoviedb.org/movie/popular',
    'https://www.themoviedb.org/movies',
    'https://www.themoviedb.org/tv/now-playing',
    'https://www.themoviedb.org/discover/movie',
    'https://user@example.com/3/movie/1',
    'https://api.themoviedb.org.example.com/3/movie/1',
    '/elsewhere',
    '/3/movie%2f1',
    'movie:550',
    '',
    'https://',
    '//',
  ])('%j is not ours', (url) => {
    expect(site.resolveUrl(url)).toBeUndefined();
  });

  it('of a path reaches every variant of it and nothing else', () => {
    const [tag] = site.resolveUrl('/3/movie/1')?.tags ?? [];
    for (const target of ['/3/movie/1', '/3/movie/1/', '/3/movie/1?language=de', '/3//movie/1?page=2']) {
      expect(shared(target).tags).toContain(tag);
    }
    for (const target of ['/3/movie/10', '/3/movie/1/credits', '/3/movie', '/3/movie/1;x']) {
      expect(shared(target).tags).not.toContain(tag);
    }
    const [image] = site.resolveUrl('/t/p/w500/x.jpg')?.tags ?? [];
    expect(shared('/t/p/w500/x.jpg', ['Accept', 'image/webp']).tags).toContain(image);
  });

  it('of a list page reaches that list and no other', () => {
    const [tag] = site.resolveUrl('https://www.themoviedb.org/movie/top-rated')?.tags ?? [];
    expect(shared('/3/movie/top_rated?page=3&language=de').tags).toContain(tag);
    expect(shared('/3/tv/top_rated').tags).not.toContain(tag);
  });

  it('with a query names the key a request has', () => {
    expect(site.resolveUrl('/3/movie/1?b=2&a=1')?.key).toBe(shared('/3/movie/1?a=1&b=2').key);
  });
});
