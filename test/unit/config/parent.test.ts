import { expect, it } from 'vitest';
import { load } from './helpers.js';

const origins = (env: Record<string, string>) =>
  load(env).config.upstream.groups.map(({ name, servers }) => [name, ...servers.map(({ origin }) => origin)]);

it('a parent is asked first, in every group, and what it stands before stays behind it', () => {
  expect(origins({ PARENT_PROXY: 'https://key@us.example.org' })).toEqual([
    ['api', 'https://us.example.org', 'https://api.themoviedb.org', 'https://api.tmdb.org'],
    ['image', 'https://us.example.org', 'https://image.tmdb.org'],
  ]);
  const custom = { UPSTREAM_TYPE: 'custom', UPSTREAM_SERVERS: 'http://a:1', PARENT_PROXY: 'http://b:2' };
  expect(origins(custom)).toEqual([['custom', 'http://b:2', 'http://a:1']]);
});

it('a parent that is also named as a server is asked once', () => {
  const env = {
    TMDB_API_URLS: 'http://p:1,http://t:2',
    TMDB_IMAGE_URLS: 'http://t:2',
    PARENT_PROXY: 'http://p:1',
  };
  expect(origins(env)[0]).toEqual(['api', 'http://p:1', 'http://t:2']);
});
