import { describe, expect, it } from 'vitest';
import { answerOf, entryOf, exchange, get, request, type StubEngine, start } from './helpers.js';

describe('a request that has been here before (RFC 8586)', () => {
  const asked: string[] = [];
  const echo: StubEngine = (context) => {
    asked.push(context.request.target);
    return answerOf(entryOf('{}'));
  };
  const settings = { loopId: 'tmdb-proxy-eu-1' };

  it('is refused before anything looks at it, in the format of the site', async () => {
    const { port } = await start(echo, { settings });
    const reply = await get(port, '/3/movie/1', 'CDN-Loop: tmdb-proxy-us-1, TMDB-Proxy-EU-1; v=1');
    expect(reply.status).toBe(508);
    expect(JSON.parse(reply.body.toString())).toMatchObject({ success: false });
    expect(reply.body.toString()).toContain('PARENT_PROXY');
    expect(reply.get('cache-control')).toBe('no-store');
    expect((await exchange(port, request('POST', '/3/list', 'CDN-Loop: tmdb-proxy-eu-1'))).status).toBe(508);
    expect(asked).toEqual([]);
  });

  it.each([
    ['names other nodes', settings, 'CDN-Loop: tmdb-proxy-us-1, tmdb-proxy-eu-10'],
    ['has no chain', settings, 'X-Nothing: 1'],
    ['reaches a node without a parent', {}, 'CDN-Loop: tmdb-proxy-eu-1'],
  ])('any other is served: it %s', async (_, given, line) => {
    const { port } = await start(echo, { settings: given });
    expect((await get(port, '/3/movie/1', line)).status).toBe(200);
  });

  it('management is no part of a loop', async () => {
    const { port } = await start(echo, { settings });
    expect((await get(port, '/status', 'CDN-Loop: tmdb-proxy-eu-1')).status).toBe(200);
  });
});
