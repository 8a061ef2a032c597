import { describe, expect, it } from 'vitest';
import type { SharedRoute } from '../../../src/cache/site.js';
import {
  loopId,
  parentAccess,
  parentAnswer,
  parentFields,
  withLoopChain,
} from '../../../src/cluster/parent.js';
import type { Endpoint, TmdbCredential } from '../../../src/config/config.js';
import { isLoop } from '../../../src/http/via.js';
import type { OriginRequest } from '../../../src/origin/source.js';
import { plainSite } from '../cache/engine-kit.js';

const PARENT: Endpoint = { origin: 'http://parent', username: 'parent key', password: undefined };
const V3: TmdbCredential = { kind: 'v3', value: 'our-v3' };
const V4: TmdbCredential = { kind: 'v4', value: 'our.v4.token' };

function sent(credentials: TmdbCredential[], changes: Partial<OriginRequest>) {
  const access = parentAccess({ parent: PARENT, type: 'tmdb', credentials });
  const request = { target: '/3/movie/550', headers: ['Accept', '*/*'], ...changes } as OriginRequest;
  return access?.(request);
}

describe('what a parent is sent', () => {
  it('its own key in place of ours, wherever ours would stand', () => {
    expect(sent([V3], { target: '/3/movie/550?language=de&api_key=our-v3', shared: true })).toEqual({
      target: '/3/movie/550?language=de&api_key=parent%20key',
      headers: ['Accept', '*/*'],
    });
    const bearer = ['Accept', '*/*', 'Authorization', 'Bearer our.v4.token'];
    expect(sent([V4], { headers: bearer, shared: true })).toEqual({
      target: '/3/movie/550?api_key=parent%20key',
      headers: ['Accept', '*/*'],
    });
    expect(sent([V4], { headers: bearer })?.headers).toEqual(['Accept', '*/*']);
  });

  it("of a fill in place of a client's, too: the answer is everyone's", () => {
    const target = '/3/movie/550?api_key=somebodys';
    expect(sent([], { target, shared: true })?.target).toBe('/3/movie/550?api_key=parent%20key');
  });

  it("but a user's own credential travels as it came", () => {
    const target = '/3/account/1?api_key=theirs&session_id=s';
    expect(sent([V3], { target })?.target).toBe(target);
    const headers = ['Authorization', 'Bearer a.user.token'];
    expect(sent([V4], { headers })).toEqual({ target: '/3/movie/550', headers });
  });

  it('is asked as TMDB is when PARENT_PROXY has no key', () => {
    const parent = { ...PARENT, username: undefined };
    expect(parentAccess({ parent, type: 'tmdb', credentials: [V3] })).toBeUndefined();
  });

  it('in front of a generic upstream the key is an Authorization, unless the request has one', () => {
    const request = (headers: string[]) => ({ target: '/x', headers }) as unknown as OriginRequest;
    const bearer = parentAccess({ parent: PARENT, type: 'custom', credentials: [] });
    expect(bearer?.(request([])).headers).toEqual(['Authorization', 'Bearer parent key']);
    expect(bearer?.(request(['authorization', 'Basic x'])).headers).toEqual(['authorization', 'Basic x']);
    const login = { ...PARENT, username: 'joe', password: 'pw' };
    const basic = parentAccess({ parent: login, type: 'custom', credentials: [] });
    expect(basic?.(request([])).headers).toEqual(['Authorization', `Basic ${btoa('joe:pw')}`]);
  });
});

describe('the chain of proxies', () => {
  const site = withLoopChain(plainSite, loopId('eu-1'));
  const routed = (headers: string[], method = 'GET') => {
    const route = site.route({ method, target: '/3/movie/550', headers });
    if (route.kind === 'refuse') throw new Error('refused');
    return route;
  };

  it('goes out with this node at its end, of fills and of what is passed', () => {
    expect(routed([]).headers).toEqual(['CDN-Loop', 'tmdb-proxy-eu-1']);
    expect(routed(['CDN-Loop', 'a', 'CDN-Loop', 'b'], 'POST').headers).toEqual([
      'CDN-Loop',
      'a, b, tmdb-proxy-eu-1',
    ]);
  });

  const asked = (...lines: string[]) => {
    const { headers, nodes } = routed(lines.flatMap((line) => ['CDN-Loop', line])) as SharedRoute;
    return { origin: headers, parent: parentFields({ headers, nodes }) };
  };

  it('of a fill the origin hears of this node alone, and a parent of those nodes of ours that are in the chain', () => {
    const own = ['CDN-Loop', 'tmdb-proxy-eu-1'];
    expect(asked('tmdb-proxy-us-1')).toEqual({
      origin: own,
      parent: ['CDN-Loop', 'tmdb-proxy-us-1, tmdb-proxy-eu-1'],
    });
    expect(asked('evil.example; x="a, b"', 'tmdb-proxy-us-1; evil=1, tmdb-proxy-"evil"')).toEqual({
      origin: own,
      parent: ['CDN-Loop', 'tmdb-proxy-us-1, tmdb-proxy-eu-1'],
    });
    expect(asked('evil', `tmdb-proxy-${'a'.repeat(200)}`)).toEqual({ origin: own, parent: own });
    const many = Array.from({ length: 40 }, (_, i) => `tmdb-proxy-${i}`).join();
    expect(asked(many).parent[1]?.split(', ')).toHaveLength(17);
    expect(asked(many).parent[1]).toContain('tmdb-proxy-39, tmdb-proxy-eu-1');
  });

  it('marks what another proxy asks, so that it does not wait for a flight that may wait for it', () => {
    expect(routed([])).toMatchObject({ forProxy: false });
    expect(routed(['cdn-loop', 'x'])).toMatchObject({ forProxy: true });
  });

  it('is recognised when it comes back, and nothing else is', () => {
    expect(isLoop(routed([]).headers, loopId('eu-1'))).toBe(true);
    expect(isLoop(routed([]).headers, loopId('eu-10'))).toBe(false);
    // Every node of ours has the same name in Via: no SERVER_ID may be taken for it.
    expect(isLoop(['Via', '1.1 tmdb-cache-proxy'], loopId('tmdb-cache-proxy'))).toBe(false);
  });
});

describe("what a parent's cache says", () => {
  const answer = (headers: string[], server = 'http://parent') => parentAnswer(PARENT, { server, headers });

  it('is read from its own member of Cache-Status, the last', () => {
    const fields = ['X-TMDB-Proxy', 'us-1', 'Cache-Status', 'root; hit; ttl=900, us-1; hit; ttl=-30'];
    expect(answer(fields)).toEqual({ ttlMs: -30_000 });
    expect(answer(['X-TMDB-Proxy', 'us-1', 'Cache-Status', 'us-1; hit; ttl=9, cdn; hit; ttl=5'])).toEqual({
      ttlMs: undefined,
    });
    expect(answer(['X-TMDB-Proxy', 'us-1', 'Cache-Status', 'us-1; fwd=uri-miss; stored'])).toEqual({
      ttlMs: undefined,
    });
    expect(answer(['X-TMDB-Proxy', '1 odd name', 'Cache-Status', '"1 odd name"; hit; ttl=5'])).toEqual({
      ttlMs: 5000,
    });
    expect(answer(['X-TMDB-Proxy', 'us-1', 'Cache-Status', ';;'])).toEqual({ ttlMs: undefined });
  });

  it('is nothing when TMDB answered in its place, or another program', () => {
    expect(answer(['X-TMDB-Proxy', 'us-1'], 'https://api.themoviedb.org')).toBeUndefined();
    expect(answer(['Age', '7'])).toBeUndefined();
  });
});
