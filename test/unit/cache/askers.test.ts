import { describe, expect, it } from 'vitest';
import type { SharedRoute, SitePolicy } from '../../../src/cache/site.js';
import { field } from '../../../src/http/headers.js';
import { settle } from '../../support/fake-clock.js';
import { bytesOf, engineKit, plainSite } from './engine-kit.js';

type Routed = Parameters<typeof plainSite.route>[0];

/** As TMDB's without a key of ours: the client's own goes along and is not in the key. */
const keyless = {
  route: (request: Routed) => ({
    ...(plainSite.route(request) as SharedRoute),
    credential: field(request.headers, 'key') ?? '',
  }),
};
const by = (key: string) => ({ headers: ['key', key] });

function kitOf(site: Partial<SitePolicy>) {
  const kit = engineKit({ site });
  const refuse = (status = 401) => kit.origin.last.reply({ status, body: 'who are you' });
  return { ...kit, refuse };
}

describe('without a key of ours, a client whose own is refused', () => {
  it('is told so, and others still share one request, those who come later and those who waited', async () => {
    const { ask, origin, refuse } = kitOf(keyless);
    const wrong = ask('/3/movie/1', by('wrong'));
    const waited = ['a', 'b', 'c'].map((key) => ask('/3/movie/1', by(key)));
    await settle();
    expect(origin.asked).toHaveLength(1);
    refuse();
    await settle();
    expect(await bytesOf(await wrong)).toBe('who are you');
    const later = ['a', 'd'].map((key) => ask('/3/movie/1', by(key)));
    await settle();
    expect(origin.asked).toHaveLength(2);
    origin.last.reply({ body: '{"id":1}' });
    for (const answer of await Promise.all([...waited, ...later]))
      expect(await bytesOf(answer)).toBe('{"id":1}');
  });

  it('asks for itself from then on, and nobody waits for it', async () => {
    const { ask, origin, refuse } = kitOf(keyless);
    const first = ask('/3/movie/1', by('wrong'));
    await settle();
    refuse();
    await first;
    const again = ask('/3/movie/1', by('wrong'));
    const other = ask('/3/movie/1', by('a'));
    await settle();
    expect(origin.asked).toHaveLength(3);
    origin.last.reply({ body: '{"id":1}' });
    expect(await bytesOf(await other)).toBe('{"id":1}');
    origin.asked[1]!.reply({ status: 401, body: 'still not' });
    expect(await bytesOf(await again)).toBe('still not');
  });

  it('holds up nobody whose key is known to be good, however many wrong ones there are', async () => {
    const { ask, origin } = kitOf(keyless);
    const known = ask('/3/movie/1', by('good'));
    await settle();
    origin.last.reply({ body: '{"id":1}' });
    await known;
    for (let i = 0; i < 5; i++) void ask('/3/movie/2', by(`wrong-${i}`));
    await settle();
    const good = ask('/3/movie/2', by('good'));
    await settle();
    expect(origin.asked).toHaveLength(3);
    origin.last.reply({ body: '{"id":2}' });
    expect(await bytesOf(await good)).toBe('{"id":2}');
  });

  it('holds up whose key is not known yet for two rounds at most', async () => {
    const { ask, origin } = kitOf(keyless);
    for (let i = 0; i < 5; i++) void ask('/3/movie/2', by(`wrong-${i}`));
    void ask('/3/movie/2', by('new'));
    for (let round = 0; round < 3; round++) {
      await settle();
      origin.asked[round]!.reply({ status: 401 });
    }
    await settle();
    expect(origin.asked).toHaveLength(6);
  });
});

describe('by the letter, what somebody with an Authorization or a Cookie is answered', () => {
  const letter = {
    ttlPolicy: 'origin' as const,
    route: (request: Routed) => ({ ...(plainSite.route(request) as SharedRoute), headers: request.headers }),
  };

  it.each([
    ['Authorization', 'private', 200],
    ['Authorization', 'max-age=60', 200],
    ['Authorization', 'no-store', 401],
    ['Cookie', 'private', 200],
    ['X-User', 'no-store', 200],
  ])('%s, %s, %i: says nothing of what others are, who share one request', async (name, control, status) => {
    const { ask, origin } = kitOf(letter);
    const own = ask('/page', { headers: [name, 'somebody'] });
    const waited = [ask('/page'), ask('/page')];
    await settle();
    expect(origin.asked).toHaveLength(1);
    origin.last.reply({ status, headers: ['Cache-Control', control], body: 'own' });
    await own;
    await settle();
    const later = [ask('/page'), ask('/page')];
    await settle();
    expect(origin.asked).toHaveLength(2);
    origin.last.reply({ headers: ['Cache-Control', 'max-age=60'], body: 'for all' });
    for (const answer of await Promise.all([...waited, ...later]))
      expect(await bytesOf(answer)).toBe('for all');
  });
});
