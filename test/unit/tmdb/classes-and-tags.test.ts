import { describe, expect, it } from 'vitest';
import { policy, shared } from './tools.js';

describe('class and tags of a route', () => {
  it.each([
    ['/3/movie/550', 'detail', ['movie:550']],
    ['/3/movie/550/', 'detail', ['movie:550'], '/3/movie/550'],
    ['/3/movie/00550', 'detail', ['movie:550']],
    ['/3/movie/550-fight-club/credits', 'detail', ['movie:550']],
    ['/3/movie/550/watch/providers', 'detail', ['movie:550']],
    ['/3/movie/tt0137523', 'detail', ['movie:tt0137523']],
    ['/3/movie/popular', 'detail', ['list:movie/popular']],
    ['/3/movie/changes', 'changes', ['list:movie/changes']],
    ['/3/movie/550/changes', 'changes', ['movie:550']],
    ['/3/tv/1399', 'detail', ['tv:1399']],
    ['/3/tv/1399/season/1', 'detail', ['tv:1399', 'tv:1399:s1']],
    ['/3/tv/1399/season/0/episode/2/images', 'detail', ['tv:1399', 'tv:1399:s0', 'tv:1399:s0e2']],
    ['/3/tv/season/3624/changes', 'changes', ['season:3624']],
    ['/3/tv/episode_group/abc', 'detail', ['episode_group:abc']],
    ['/3/person/287/combined_credits', 'detail', ['person:287']],
    ['/3/collection/10', 'detail', ['collection:10']],
    ['/3/company/1', 'detail', ['company:1']],
    ['/3/network/213/images', 'detail', ['network:213']],
    ['/3/keyword/818/movies', 'detail', ['keyword:818']],
    ['/3/review/5488c29bc3a3686f4a00004a', 'detail', ['review:5488c29bc3a3686f4a00004a']],
    ['/3/trending/all/day', 'detail', ['list:trending/all/day']],
    ['/3/find/tt0137523', 'detail', ['find']],
    ['/3/search/multi', 'search', ['search']],
    ['/3/discover/tv', 'search', ['discover']],
    ['/3/genre/movie/list', 'static', ['genre']],
    ['/3/genre/28/movies', 'detail', ['genre']],
    ['/3/configuration', 'static', ['configuration']],
    ['/3/configuration/languages', 'static', ['configuration']],
    ['/3/configuration/timezones', 'static', ['configuration']],
    ['/3/certification/movie/list', 'static', ['certification']],
    ['/3/watch/providers/regions', 'static', ['watch']],
    ['/3/watch/providers/movie', 'static', ['watch']],
    ['/3', 'other', []],
    ['/3/', 'other', [], '/3'],
    ['/3/unheard/of', 'other', ['unheard']],
    ['/4/unheard', 'other', ['unheard']],
  ])('%s: %s %j', (target, name, tags, path = target) => {
    const route = shared(target);
    expect(route.class).toBe(name);
    expect(route.tags).toEqual(['api', ...tags, `path:${path}`]);
  });

  it('includes the seasons that are appended', () => {
    expect(shared('/3/tv/1399?append_to_response=season%2F1,credits,season/2/episode/3').tags).toEqual([
      'api',
      'tv:1399',
      'tv:1399:s1',
      'tv:1399:s2',
      'tv:1399:s2e3',
      'path:/3/tv/1399',
    ]); // prettier-ignore
  });

  it('names an image by its file', () => {
    expect(shared('/t/p/w500/x.jpg')).toMatchObject({
      class: 'image',
      tags: ['image', 'image:x.jpg', 'path:/t/p/w500/x.jpg'],
    });
  });
});

describe('class of a response', () => {
  const site = policy();
  it('is negative for what does not exist', () => {
    expect(site.classOf(shared('/3/movie/550'), 404, [])).toBe('negative');
    expect(site.classOf(shared('/t/p/w500/x.jpg'), 404, [])).toBe('negative');
    expect(site.classOf(shared('/3/movie/550'), 200, [])).toBe('detail');
  });
  it('chooses the times', () => {
    expect(site.times('search').memoryMs).toBe(3);
    expect(site.times('toString').memoryMs).toBe(6);
  });
});

describe('tags of a body', () => {
  const site = policy();
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  it('name the title behind an IMDb id', () => {
    expect(site.tagsOf(shared('/3/movie/tt0137523'), 200, [], json({ id: 550 }))).toEqual(['movie:550']);
    expect(site.tagsOf(shared('/3/movie/tt0137523'), 404, [], json({ id: 550 }))).toEqual([]);
    for (const below of ['/credits', '/images', '/translations?language=de'])
      expect(site.tagsOf(shared(`/3/movie/tt0137523${below}`), 200, [], json({ id: 550 })), below).toEqual([
        'movie:550',
      ]);
    expect(site.tagsOf(shared('/3/movie/550'), 200, [], json({ id: 551 }))).toEqual([]);
  });
  it('name what was found', () => {
    const body = json({
      movie_results: [{ id: 550 }],
      tv_results: [{ id: 1399 }, {}],
      person_results: 'none',
    });
    expect(site.tagsOf(shared('/3/find/tt0137523'), 200, [], body)).toEqual(['movie:550', 'tv:1399']);
    expect(site.tagsOf(shared('/3/find/x'), 200, [], Buffer.from('{'))).toEqual([]);
  });
});
