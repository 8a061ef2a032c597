import { describe, expect, it } from 'vitest';
import { passed, policy, shared, V3, V4 } from './tools.js';

const v3 = policy({ credentials: [V3, V4] });
const v4 = policy({ credentials: [V4] });
const PAIR = `api_key=${V3.value}`;

describe('credentials of a fill', () => {
  it("are the proxy's: a v3 key in the query, at its end", () => {
    expect(shared('/3/movie/550?api_key=client&language=de', [], v3).target).toBe(
      `/3/movie/550?language=de&${PAIR}`,
    );
    expect(shared('/3/movie/550', [], v3).target).toBe(`/3/movie/550?${PAIR}`);
    expect(shared('/3/movie/550', [], v3).headers).not.toContain('Authorization');
  });
  it("are the proxy's: a v4 token as a Bearer, whatever the client used", () => {
    const route = shared('/3/movie/550?api_key=client', [], v4);
    expect(route.target).toBe('/3/movie/550');
    expect(route.headers).toEqual([
      'Accept',
      'application/json',
      'Accept-Encoding',
      'gzip',
      'User-Agent',
      'tmdb-cache-proxy/test',
      'Via',
      '1.1 tcp',
      'Authorization',
      `Bearer ${V4.value}`,
    ]);
  });
  it("are the client's own key when the proxy has none", () => {
    expect(shared('/3/movie/550?api_key=client&language=de').target).toBe(
      '/3/movie/550?language=de&api_key=client',
    );
    expect(shared('/3/movie/550?language=de').target).toBe('/3/movie/550?language=de');
  });
  it('are never sent to the image host', () => {
    for (const site of [v3, v4]) {
      const route = shared('/t/p/w500/x.jpg?api_key=client', [], site);
      expect(route.target).toBe('/t/p/w500/x.jpg');
      expect(route.headers).not.toContain('Authorization');
    }
  });
});

describe('credentials of a passed request', () => {
  it("are the client's when it sent some", () => {
    expect(passed('/3/account?session_id=S&&api_key=client', [], v3).target).toBe(
      '/3/account?session_id=S&&api_key=client',
    );
    expect(passed('/3/account', ['Authorization', 'Bearer u'], v3)).toMatchObject({
      target: '/3/account',
      headers: ['Authorization', 'Bearer u', 'Via', '1.1 tcp'],
    });
  });
  it("are the proxy's when it sent none", () => {
    expect(passed('/3/account?session_id=S', [], v3).target).toBe(`/3/account?session_id=S&${PAIR}`);
    expect(passed('/3/account?api_key=&session_id=S', [], v3).target).toBe(`/3/account?session_id=S&${PAIR}`);
    expect(passed('/3/authentication/token/new', [], v4).headers).toEqual([
      'Authorization',
      `Bearer ${V4.value}`,
      'Via',
      '1.1 tcp',
    ]);
    expect(passed('/3/account', ['Authorization', 'Bearer '], v4).headers).toEqual([
      'Authorization',
      `Bearer ${V4.value}`,
      'Via',
      '1.1 tcp',
    ]);
  });
  it("are a fill's when only the switch is off", () => {
    const off = policy({ credentials: [V3], cacheEnabled: false });
    expect(passed('/3/movie/550?api_key=dummy&language=de', [], off).target).toBe(
      `/3/movie/550?language=de&${PAIR}`,
    );
  });
  it('do not reach the image host when they are ours', () => {
    const route = passed('/t/p/w500/x.jpg?api_key=K', ['Authorization', `Bearer ${V4.value}`], v4, 'POST');
    expect(route).toMatchObject({
      upstream: 'image',
      target: '/t/p/w500/x.jpg',
      headers: ['Via', '1.1 tcp'],
    });
  });
});

describe('fields', () => {
  const CLIENT = [
    'Host',
    'proxy:6635',
    'Connection',
    'keep-alive, X-Hop',
    'X-Hop',
    '1',
    'Keep-Alive',
    'timeout=5',
    'Cookie',
    'a=b',
    'User-Agent',
    'Jellyfin',
    'Accept-Language',
    'de',
    'X-API-Key',
    'admin',
    'X-HTTP-Method-Override',
    'DELETE',
    'If-None-Match',
    '"x"',
    'Range',
    'bytes=0-',
    'Via',
    '1.1 front',
    'Origin',
    'https://lampa.mx',
  ]; // prettier-ignore
  it('of a fill are all our own', () => {
    expect(shared('/3/movie/550', CLIENT).headers).toEqual(shared('/3/movie/550').headers);
    expect(shared('/t/p/w500/x.jpg', CLIENT).headers).toEqual(shared('/t/p/w500/x.jpg').headers);
  });
  it("of a passed request are the client's end-to-end ones", () => {
    expect(passed('/3/account', CLIENT).headers).toEqual([
      'Cookie',
      'a=b',
      'User-Agent',
      'Jellyfin',
      'Accept-Language',
      'de',
      'X-HTTP-Method-Override',
      'DELETE',
      'If-None-Match',
      '"x"',
      'Range',
      'bytes=0-',
      'Via',
      '1.1 front, 1.1 tcp',
      'Origin',
      'https://lampa.mx',
    ]); // prettier-ignore
  });
});

describe('images', () => {
  it.each([
    [undefined, 'plain'],
    ['*/*', 'plain'],
    ['image/*', 'plain'],
    ['image/png,image/jpeg', 'plain'],
    ['image/webp;q=0', 'plain'],
    ['image/webp; q=0.000, image/*', 'plain'],
    ['image/webpx', 'plain'],
    ['image/avif,image/webp,image/apng,*/*;q=0.8', 'webp'],
    ['IMAGE/WEBP;Q=0.1', 'webp'],
    ['image/webp;q=0.001', 'webp'],
  ])('Accept: %s is reduced to %s, which is in the key', (accept, reduced) => {
    const route = shared('/t/p/w500/x.jpg', accept === undefined ? [] : ['Accept', accept]);
    expect(route.key).toBe(
      reduced === 'webp' ? 'v1:image:/t/p/w500/x.jpg accept=webp' : 'v1:image:/t/p/w500/x.jpg',
    );
    expect(route.headers.join('\n').includes('image/webp')).toBe(reduced === 'webp');
  });
  it('share one key however many slashes a client writes', () => {
    expect(shared('/t/p/w500//x.jpg')).toEqual(shared('/t/p/w500/x.jpg'));
  });
});

describe('presets', () => {
  it('serve one host alone', () => {
    const api = policy({ kind: 'tmdb-api' });
    const image = policy({ kind: 'tmdb-image' });
    const get = (target: string) => ({ method: 'GET', target, headers: [] });
    expect(api.route(get('/3/movie/550')).kind).toBe('shared');
    expect(api.route(get('/t/p/w500/x.jpg'))).toMatchObject({ kind: 'refuse', code: 'not_found' });
    expect(image.route(get('/t/p/w500/x.jpg')).kind).toBe('shared');
    expect(image.route(get('/3/movie/550'))).toMatchObject({ kind: 'refuse', code: 'not_found' });
  });
});
