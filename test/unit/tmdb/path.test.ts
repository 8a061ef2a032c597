import { describe, expect, it } from 'vitest';
import { canonicalPath } from '../../../src/tmdb/path.js';
import { routed } from './tools.js';

describe('canonicalPath', () => {
  it.each([
    ['/3/movie/550', '/3/movie/550'],
    ['/3/movie/550/', '/3/movie/550/'],
    ['/', '/'],
    ['//', '/'],
    ['/3//movie///550', '/3/movie/550'],
    ['//3/movie', '/3/movie'],
    ['/t/p/w500//x.jpg', '/t/p/w500/x.jpg'],
    ['/3/./movie/./550', '/3/movie/550'],
    ['/3/movie/550/.', '/3/movie/550/'],
    ['/3/movie/1/..', '/3/movie/'],
    ['/3/movie/../account', '/3/account'],
    ['/../../3/movie', '/3/movie'],
    ['/3//../account', '/3/account'],
    ['/3/movie/..hidden', '/3/movie/..hidden'],
    ['/3/Movie/550', '/3/Movie/550'],
    ['/%33/m%6Fvie/550', '/3/movie/550'],
    ['/3/movie/550%2dfight', '/3/movie/550-fight'],
    ['/3/find/a%c3%a9', '/3/find/a%C3%A9'],
    ['/3/find/a%3bb', '/3/find/a%3Bb'],
    ['/3/find/a;b', '/3/find/a;b'],
    ['/3/find/a|b', '/3/find/a%7Cb'],
    ['/3/find/100%25', '/3/find/100%25'],
  ])('reads %s as %s', (raw, canonical) => {
    expect(canonicalPath(raw)).toBe(canonical);
  });

  it.each([
    'movie',
    '',
    'http://api.themoviedb.org/3/movie/1',
    '*',
    '/3/movie%2f550',
    '/3%2Faccount',
    '/3/movie%5c550',
    '/3/movie\\550',
    '/3\\account',
    '/3/movie/%00',
    '/3/movie/\0',
    '/3/movie/%0d%0aX',
    '/3/movie/%7f',
    '/3/movie/\u0001',
    '/3/movie/a b',
    '/3/movie/é',
    '/3/movie/日',
    '/3/movie/%2e%2e/account',
    '/3/movie/.%2e/account',
    '/3/movie/%2E./account',
    '/3/%2e/account',
    '/3/movie/%2e',
    '/3/movie/%252e%252e/account',
    '/3/movie%252faccount',
    '/3/movie/%25%32%65',
    '/3/movie/%',
    '/3/movie/%2',
    '/3/movie/%zz',
    '/3/movie/%c0%af',
    '/3/movie/%c0%ae%c0%ae/x',
    '/3/movie/%ff',
    '/3/movie/..;/account',
    '/3/movie/.;x=1/account',
    '/3/movie/..%3b/account',
    '/3/movie/1#top',
  ])('refuses %j', (raw) => {
    expect(canonicalPath(raw)).toHaveProperty('fault');
    expect(routed(raw)).toMatchObject({ kind: 'refuse', code: 'bad_target' });
  });

  it('is a fixed point', () => {
    for (const path of ['/3/find/a%3Bb', '/3/find/a%7Cb', '/3/movie/550-fight', '/3/find/100%25']) {
      expect(canonicalPath(path)).toBe(path);
    }
  });
});

describe('where a path leads', () => {
  it.each([
    '/',
    '/2/movie/550',
    '/33/movie',
    '/t/px/a.jpg',
    '/T/P/w500/x.jpg',
    '/t/w500/x.jpg',
    '/3;x/account',
    '/03/account',
  ])('%s leads nowhere', (target) => {
    expect(routed(target)).toMatchObject({ kind: 'refuse', code: 'not_found' });
  });
});
