import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apiTemplate, IMAGE, OTHER, TEMPLATES } from '../../../src/tmdb/templates.js';
import { passed, routed, shared } from './tools.js';

describe('the template of a route', () => {
  it.each([
    ['/3/movie/550', '/3/movie/{id}'],
    ['/3/movie/550-fight-club?language=de', '/3/movie/{id}'],
    ['/3/movie/popular', '/3/movie/popular'],
    ['/3/movie/550/', '/3/movie/{id}'],
    ['/3/movie/550/watch/providers', '/3/movie/{id}/watch/providers'],
    ['/3/tv/1399/season/1/episode/2/credits', '/3/tv/{id}/season/{season}/episode/{episode}/credits'],
    ['/3//tv/changes', '/3/tv/changes'],
    ['/3/tv/1399/changes', '/3/tv/{id}/changes'],
    ['/3/trending/all/week', '/3/trending/all/{window}'],
    ['/3/find/tt0137523?external_source=imdb_id', '/3/find/{id}'],
    ['/3/%6Dovie/550', '/3/movie/{id}'],
    ['/t/p/w500/abc.jpg', IMAGE],
    ['/t/p/w500//abc.jpg', IMAGE],
    ['/t/p/w500', OTHER],
    ['/t/p/a/b/c.jpg', OTHER],
    ['/3', OTHER],
    ['/3/', OTHER],
    ['/3/movie/550/nothing', OTHER],
    ['/3/movie/popular/credits', OTHER],
    ['/3/__proto__', OTHER],
    ['/3/constructor/prototype', OTHER],
    ['/4/movie/550', OTHER],
    ['/3/movie/%7Bid%7D/credits/x', OTHER],
  ])('of %s is %s', (target, template) => {
    expect(shared(target).template).toBe(template);
  });

  it('of a personal request names nobody', () => {
    expect(passed('/3/guest_session/0123456789abcdef/rated/movies').template).toBe(
      '/3/guest_session/{id}/rated/movies',
    );
    expect(passed('/4/account/5f0c/lists').template).toBe('/4/account/{id}/lists');
    expect(passed('/3/movie/550/rating', [], undefined, 'POST').template).toBe('/3/movie/{id}/rating');
  });

  it('of every template is itself', () => {
    for (const template of TEMPLATES) {
      if (template === OTHER || template === IMAGE) continue;
      const [, version, ...segments] = template.split('/');
      expect(apiTemplate(version!, segments)).toBe(template);
    }
    expect(TEMPLATES.size).toBeLessThan(200);
  });

  it('of every address that the sample TMDB answers is a name of its own', () => {
    const folder = new URL('../../../src/demo/', import.meta.url);
    const sources = readdirSync(folder).filter((file) => file.startsWith('routes-'));
    const patterns = sources.flatMap((file) => [
      ...readFileSync(new URL(file, folder), 'utf8').matchAll(/'(\/[34]\/[a-z0-9_/:]+)'/g),
    ]);
    expect(patterns.length).toBeGreaterThan(50);
    for (const [, pattern] of patterns) {
      const [version, ...segments] = pattern!.slice(1).split('/');
      const asked = segments.map((segment) => (segment.startsWith(':') ? 'all' : segment));
      // A pattern such as /3/trending/:kind/:window is several templates here.
      expect(apiTemplate(version!, asked), pattern).not.toBe(OTHER);
    }
  });

  it('is one of a closed set, whatever is asked', () => {
    const segment = fc.oneof(
      fc.constantFrom(
        'movie',
        'tv',
        'season',
        'credits',
        '550',
        'popular',
        '',
        '.',
        '..',
        '{id}',
        '__proto__',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }).map(encodeURIComponent),
      fc.stringMatching(/^[!-~]{0,12}$/),
    );
    const target = fc
      .tuple(fc.constantFrom('/3', '/4', '/t/p', '/3/movie', '/'), fc.array(segment, { maxLength: 8 }))
      .map(([root, segments]) => [root, ...segments].join('/'));
    fc.assert(
      fc.property(target, fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE'), (asked, method) => {
        const route = routed(asked, [], undefined, method);
        return route.kind === 'refuse' || TEMPLATES.has(route.template ?? '');
      }),
      { numRuns: 3000 },
    );
  });
});
