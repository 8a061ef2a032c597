import { describe, expect, it } from 'vitest';
import { isEmpty, purgeSelection } from '../../../src/cli/purge-selection.js';

describe('what a purge names', () => {
  it('tells keys from addresses, and sends both as they are', () => {
    const key = 'v1:api:/3/movie/550?language=de';
    const urls = [
      '/3/movie/550',
      'https://www.themoviedb.org/movie/550',
      'themoviedb.org/tv/1399',
      '/t/p/w500/a.jpg',
    ];
    expect(purgeSelection([urls[0]!, key, ...urls.slice(1)], {})).toEqual({ keys: [key], urls });
  });

  it('adds what options name, and nothing they do not', () => {
    expect(
      purgeSelection([], {
        tag: ['movie:1', 'tv:2'],
        prefix: 'v1:api:/3/movie/',
        class: 'search',
        soft: true,
      }),
    ).toEqual({
      tags: ['movie:1', 'tv:2'],
      prefix: 'v1:api:/3/movie/',
      class: 'search',
      soft: true,
    });
    expect(purgeSelection([], {})).toEqual({});
  });

  it('refuses a tag among them: as a key it would purge nothing and be reported as done', () => {
    expect(purgeSelection(['/3/movie/1', 'movie:550'], {})).toBe(
      '"movie:550" looks like a tag: give it with --tag',
    );
  });

  it.each([['550'], ['movie/550'], ['*'], ['v1'], ['']])('refuses %j, which is nothing', (thing) => {
    expect(purgeSelection([thing], {})).toMatch(/is neither a key/);
  });

  it('is empty when only how is said, not what', () => {
    expect(isEmpty(purgeSelection([], { soft: true }) as object)).toBe(true);
    expect(isEmpty(purgeSelection(['/3/movie/1'], {}) as object)).toBe(false);
  });
});
