import { describe, expect, it } from 'vitest';
import type { PurgeCommand } from '../../../src/admin/management.js';
import { purgeScopes, scopesAlong } from '../../../src/cluster/purge-scopes.js';
import { ReferrerMap } from '../../../src/tmdb/referrers.js';
import { settle } from '../../support/fake-clock.js';
import { bytesOf, engineKit } from '../cache/engine-kit.js';
import { policy, shared } from './tools.js';

const JSON_TYPE = ['Content-Type', 'application/json;charset=utf-8'];
const JPEG = {
  headers: ['Content-Type', 'image/jpeg'],
  body: '\u00ff\u00d8\u00ff\u00e0 a picture, more or less',
};
const named = { id: 550, poster_path: '/poster.jpg', backdrop_path: '/backdrop.jpg' };

function purgeOf(command: Partial<PurgeCommand>): PurgeCommand {
  return { keys: [], tags: [], urls: [], prefix: undefined, class: undefined, soft: false, ...command };
}

/** A node whose origin has one movie and its poster. */
function node() {
  const site = policy({ referrers: new ReferrerMap() });
  const kit = engineKit({ site });
  const fetched = async (target: string, reply: object) => {
    const answer = kit.ask(target);
    await settle();
    kit.origin.last.reply(reply);
    await bytesOf(await answer);
    await settle();
  };
  const details = (body: object = named) =>
    fetched('/3/movie/550', { headers: JSON_TYPE, body: JSON.stringify(body) });
  const poster = (size = 'w500') =>
    fetched(`/t/p/${size}/poster.jpg`, { ...JPEG, body: Buffer.from(JPEG.body, 'latin1') });
  const purge = (command: Partial<PurgeCommand>) => {
    const named = purgeScopes(site, purgeOf(command));
    for (const scope of [...named, ...scopesAlong(site, named)]) kit.purge(scope, command.soft === true);
  };
  /** What the next request for it would get. */
  const cached = async (target: string) => {
    const route = shared(target, [], site);
    const { lookup } = kit.engine;
    const found = lookup.fresh(route, kit.clock.now());
    return (found === 'ask' ? await lookup.freshLater(route) : found) !== undefined;
  };
  const feedSoftens = (tag: string) => kit.purge({ kind: 'tag', name: tag }, true);
  return { ...kit, details, poster, purge, feedSoftens, cached };
}

describe('an image', () => {
  it("that a title's details name is purged with the title, in every size", async () => {
    const { details, poster, purge, cached } = node();
    await details();
    await poster('w500');
    await poster('original');
    purge({ tags: ['movie:551'] });
    expect(await cached('/t/p/w500/poster.jpg')).toBe(true);
    purge({ tags: ['movie:550'] });
    expect(await cached('/3/movie/550')).toBe(false);
    expect(await cached('/t/p/w500/poster.jpg')).toBe(false);
    expect(await cached('/t/p/original/poster.jpg')).toBe(false);
  });

  it('also by the address of its page on the web', async () => {
    const { details, poster, purge, cached } = node();
    await details();
    await poster();
    purge({ urls: ['https://www.themoviedb.org/movie/550-fight-club'] });
    expect(await cached('/t/p/w500/poster.jpg')).toBe(false);
  });

  it('is not made stale by the change feed, which softens the title', async () => {
    const { details, poster, cached, feedSoftens } = node();
    await details();
    await poster();
    feedSoftens('movie:550');
    expect(await cached('/3/movie/550')).toBe(false);
    expect(await cached('/t/p/w500/poster.jpg')).toBe(true);
  });

  it('that was missing is asked for again after a purge of the title that names it', async () => {
    const { details, cached, purge, ask, origin } = node();
    await details();
    const answer = ask('/t/p/w500/poster.jpg');
    await settle();
    origin.last.reply({ status: 404, headers: ['Content-Type', 'text/html'], body: '<html></html>' });
    await bytesOf(await answer);
    await settle();
    expect(await cached('/t/p/w500/poster.jpg')).toBe(true);
    purge({ tags: ['movie:550'] });
    expect(await cached('/t/p/w500/poster.jpg')).toBe(false);
  });

  it('on its way while its title is purged is not given to who asks afterwards (I-2, I-3)', async () => {
    const { details, purge, cached, ask, origin } = node();
    await details();
    const picture = { ...JPEG, body: Buffer.from(JPEG.body, 'latin1') };
    const before = ask('/t/p/w500/poster.jpg');
    await settle();
    const early = origin.last;
    purge({ tags: ['movie:550'] });
    const after = ask('/t/p/w500/poster.jpg');
    await settle();
    expect(origin.last).not.toBe(early);
    early.reply(picture);
    await bytesOf(await before);
    await settle();
    expect(await cached('/t/p/w500/poster.jpg')).toBe(false);
    origin.last.reply(picture);
    await bytesOf(await after);
    await settle();
    expect(await cached('/t/p/w500/poster.jpg')).toBe(true);
  });

  it('is tagged in its head, which is all that a worker has from its core', async () => {
    const site = policy({ referrers: new ReferrerMap() });
    const kit = engineKit({ site });
    site.tagsOf(shared('/3/movie/550'), 200, [], Buffer.from(JSON.stringify(named)));
    const route = shared('/t/p/w500/poster.jpg');
    const fetched = kit.fetcher.fetch({
      route,
      stored: undefined,
      stamp: 0,
      forward: 'uri-miss',
      standIn: false,
      priority: 'user',
      signal: new AbortController().signal,
      alone: false,
      over: Promise.resolve('stored'),
    });
    await settle();
    kit.origin.last.reply({ ...JPEG, body: Buffer.from(JPEG.body, 'latin1') });
    expect(await fetched).toMatchObject({
      kind: 'storable',
      head: { tags: ['image', 'image:poster.jpg', 'path:/t/p/w500/poster.jpg', 'of:movie:550'] },
    });
  });
});

describe('what a body names', () => {
  const filesAfter = (target: string, body: object, ...files: string[]) => {
    const referrers = new ReferrerMap();
    const site = policy({ referrers });
    site.tagsOf(shared(target, [], site), 200, [], Buffer.from(JSON.stringify(body)));
    return files.map((file) => referrers.titlesOf(file));
  };

  it.each([
    ['/3/movie/550', { poster_path: '/a.jpg' }, [['movie:550']]],
    ['/3/movie/550/images', { backdrops: [{ file_path: '/a.jpg' }] }, [['movie:550']]],
    [
      '/3/movie/550?append_to_response=images',
      { images: { logos: [{ file_path: '/a.svg' }] } },
      [['movie:550']],
    ],
    ['/3/person/287', { profile_path: '/a.jpg' }, [['person:287']]],
    ['/3/collection/10', { backdrop_path: '/a.jpg', parts: [{ id: 11 }] }, [['collection:10']]],
    ['/3/company/1', { logo_path: '/a.png' }, [['company:1']]],
    ['/3/tv/1399', { seasons: [{ poster_path: '/a.jpg' }] }, [['tv:1399']]],
    ['/3/tv/1399', { next_episode_to_air: { still_path: '/a.jpg' } }, [['tv:1399']]],
    [
      '/3/tv/1399/season/1',
      { poster_path: '/b.jpg', episodes: [{ still_path: '/a.jpg' }] },
      [['tv:1399', 'tv:1399:s1']],
    ],
    [
      '/3/tv/1399?append_to_response=season/1,season/2',
      { 'season/1': { episodes: [{ still_path: '/a.jpg' }] } },
      [['tv:1399']],
    ],
    ['/3/movie/tt0137523', { id: 550, poster_path: '/a.jpg' }, [['movie:tt0137523', 'movie:550']]],
    // Others' own: a purge of the movie leaves them alone.
    ['/3/movie/550', { credits: { cast: [{ profile_path: '/a.jpg' }] } }, [[]]],
    ['/3/movie/550', { belongs_to_collection: { poster_path: '/a.jpg' } }, [[]]],
    ['/3/movie/550/similar', { results: [{ poster_path: '/a.jpg' }] }, [[]]],
    ['/3/movie/popular', { poster_path: '/a.jpg' }, [[]]],
    ['/3/search/movie?query=x', { results: [{ poster_path: '/a.jpg' }] }, [[]]],
    ['/3/movie/550', { poster_path: '/../a.jpg', backdrop_path: 7 }, [[]]],
  ])('%s %j', (target, body, expected) => {
    expect(filesAfter(target, body, 'a.jpg')).toEqual(expected);
  });

  it('a vector logo that is asked for as PNG is the same file', () => {
    expect(filesAfter('/3/network/213/images', { logos: [{ file_path: '/a.svg' }] }, 'a.png')).toEqual([
      ['network:213'],
    ]);
  });

  it('nothing of a 404, nor of what is no JSON', () => {
    const referrers = new ReferrerMap();
    const site = policy({ referrers });
    site.tagsOf(shared('/3/movie/550'), 404, [], Buffer.from('{"poster_path":"/a.jpg"}'));
    site.tagsOf(shared('/3/movie/550'), 200, [], Buffer.from('{"poster_path":"/a.j'));
    expect(referrers.titlesOf('a.jpg')).toEqual([]);
  });
});

describe('the map of files', () => {
  it('is bounded and forgets the oldest', () => {
    const map = new ReferrerMap(1000);
    for (let id = 0; id < 5000; id++) map.note([`movie:${id}`], { poster_path: `/file${id}.jpg` });
    expect(map.titlesOf('file0.jpg')).toEqual([]);
    expect(map.titlesOf('file4999.jpg')).toEqual(['movie:4999']);
    const left = Array.from({ length: 5000 }, (_, id) => map.titlesOf(`file${id}.jpg`)).flat();
    expect(left.length).toBeLessThanOrEqual(1000);
  });

  it('what is named again and again stays', () => {
    const map = new ReferrerMap(1000);
    for (let id = 0; id < 5000; id++) {
      map.note([`movie:${id}`], { poster_path: `/file${id}.jpg` });
      map.note(['movie:1'], { poster_path: '/always.jpg' });
    }
    expect(map.titlesOf('always.jpg')).toEqual(['movie:1']);
  });

  it('remembers the last four titles of a file, so that the tags of an entry stay few', () => {
    const map = new ReferrerMap();
    for (const id of [1, 2, 3, 4, 5, 2]) map.note([`movie:${id}`], { poster_path: '/a.jpg' });
    expect(map.titlesOf('a.jpg')).toEqual(['movie:5', 'movie:4', 'movie:3', 'movie:2']);
  });

  it('takes a body with a hundred thousand files without keeping them all', () => {
    const map = new ReferrerMap();
    const seasons = Array.from({ length: 1000 }, (_, s) => ({
      episodes: Array.from({ length: 100 }, (_, e) => ({ still_path: `/s${s}e${e}.jpg` })),
    }));
    map.note(['tv:1'], { seasons });
    const kept = seasons.flatMap((_, s) =>
      Array.from({ length: 100 }, (_, e) => map.titlesOf(`s${s}e${e}.jpg`)).flat(),
    );
    expect(kept).toHaveLength(1000);
  });

  it('forgets all when everything is purged', () => {
    const map = new ReferrerMap();
    map.note(['movie:1'], { poster_path: '/a.jpg' });
    map.clear();
    expect(map.titlesOf('a.jpg')).toEqual([]);
  });
});

describe('a collection', () => {
  const site = policy();
  const json = (value: object) => Buffer.from(JSON.stringify(value));

  it('becomes stale with a part of it', () => {
    const body = json({ id: 10, parts: [{ id: 11 }, { id: 1891 }, {}] });
    expect(site.tagsOf(shared('/3/collection/10'), 200, [], body)).toEqual(['movie:11', 'movie:1891']);
    expect(site.tagsFromBody(shared('/3/collection/10'))).toBe(true);
  });

  it('of a thousand parts has a bounded number of tags', () => {
    const body = json({ id: 10, parts: Array.from({ length: 1000 }, (_, id) => ({ id })) });
    expect(site.tagsOf(shared('/3/collection/10'), 200, [], body)).toHaveLength(50);
  });
});

describe('a purge by tag', () => {
  const site = policy();
  const along = (command: Partial<PurgeCommand>) =>
    scopesAlong(site, purgeScopes(site, purgeOf(command))).map((scope) => 'name' in scope && scope.name);

  it('of a title means its image files as well, each scope once', () => {
    expect(along({ tags: ['movie:550', 'tv:1399:s1', 'movie:550', 'of:tv:1399:s1'] })).toEqual([
      'of:movie:550',
    ]);
    expect(along({ urls: ['https://www.themoviedb.org/tv/1399/season/1/episode/2'] })).toEqual([
      'of:tv:1399:s1e2',
    ]);
  });

  it('of what has no images of its own means itself alone', () => {
    const tags = ['list:movie/popular', 'search', 'api', 'image:a.jpg', 'path:/3/movie/550', 'keyword:1'];
    expect(along({ tags, urls: ['/3/movie/550', '/3/movie/550?page=2'], class: 'detail' })).toEqual([]);
  });
});

describe('a tag as people write it', () => {
  const site = policy({ referrers: new ReferrerMap() });

  it.each([
    ['movie:00550', 'movie:550'],
    [' Movie:550-fight-club ', 'movie:550'],
    ['movie:tt0137523', 'movie:tt0137523'],
    ['tv:1399:S01', 'tv:1399:s1'],
    ['tv:1399:s1E02', 'tv:1399:s1e2'],
    ['review:5488c29bc3a3686f4a00004a', 'review:5488c29bc3a3686f4a00004a'],
    ['path:/3/movie/550/', 'path:/3/movie/550'],
    ['list:movie/popular', 'list:movie/popular'],
    ['image:x.jpg', 'image:x.jpg'],
    ['search', 'search'],
    ['something:else', 'something:else'],
  ])('%j is %s', (written, name) => {
    expect(purgeScopes(site, purgeOf({ tags: [written] }))).toEqual([{ kind: 'tag', name }]);
  });

  it.each(['movie:', ' ', 'path:', 'movie:fight-club', 'movie:550:s1', 'tv:1399:season1', 'tv:1399:'])(
    '%j, which nothing can have, is refused rather than purge nothing',
    (written) => {
      expect(() => purgeScopes(site, purgeOf({ tags: [written] }))).toThrow(`the tag "${written}"`);
      // What another region says is taken as it is.
      const from = { serverId: 'b', region: 'b', id: '1' } as unknown as NonNullable<PurgeCommand['from']>;
      expect(purgeScopes(site, purgeOf({ tags: [written], from }))).toHaveLength(1);
    },
  );
});

it.each([
  'https://user:pa55word@example.org/x',
  'https://user:pa55@word@example.org/x',
  'user:pa55word@example.org',
  'https://user:pa/55?word@example.org/x',
  'https://example.org/x?api_key=pa55word',
  'https://example.org/x#pa55word',
])('the address %s, which is refused, is not repeated with what is secret in it', (url) => {
  const site = policy();
  try {
    purgeScopes(site, purgeOf({ urls: [url] }));
    expect.unreachable();
  } catch (error) {
    expect(String(error)).toContain('is no address of this site');
    for (const secret of ['pa55', 'word']) expect(String(error)).not.toContain(secret);
  }
});
