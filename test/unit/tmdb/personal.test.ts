import { describe, expect, it } from 'vitest';
import { passed, policy, routed, shared, V3, V4 } from './tools.js';

describe('methods', () => {
  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('%s passes and is not repeated', (method) => {
    expect(passed('/3/movie/550/rating?api_key=K', [], undefined, method)).toMatchObject({
      reason: 'method',
      retryable: false,
    });
  });
  it('OPTIONS passes', () => {
    expect(passed('/3/movie/550', [], undefined, 'OPTIONS')).toMatchObject({
      reason: 'method',
      retryable: true,
    });
  });
  it.each(['TRACE', 'CONNECT', 'get', 'PROPFIND'])('%s is refused', (method) => {
    expect(routed('/3/movie/550', [], undefined, method)).toMatchObject({
      kind: 'refuse',
      code: 'method_refused',
    });
  });
  it('HEAD shares the key of GET', () => {
    expect(routed('/3/movie/550', [], undefined, 'HEAD')).toMatchObject({
      kind: 'shared',
      key: 'v1:api:/3/movie/550',
    });
  });
});

describe('personal paths', () => {
  it.each([
    '/3/account',
    '/3/account/',
    '/3/account/1/favorite/movies',
    '/3/account_states',
    '/3/accounts-of-anything',
    '/3/movie/550/account_states',
    '/3/tv/1399/account_states',
    '/3/tv/1399/season/1/account_states',
    '/3/tv/1399/season/1/episode/2/account_states',
    '/3/guest_session/abc/rated/movies',
    '/3/list/1',
    '/3/list/1/item_status?movie_id=550',
    '/3/authentication',
    '/3/authentication/',
    '/4/account/abc/movie/favorites',
    '/4/account/abc/lists',
    '/4/list/1',
    '/4/list/1/item_status',
    '/4/auth',
    // Evasions: case, encoding, slashes, dot segments, parameters, suffixes.
    '/3/Account',
    '/3/ACCOUNT/1',
    '/3/%61ccount',
    '/3/acc%6Funt/1',
    '/3//account',
    '//3///account//',
    '/3/movie/../account',
    '/3/./account',
    '/3/account;x',
    '/3/account%3Bx=1',
    '/3/;x/account',
    '/3/movie/1/account_states;foo',
    '/3/movie/1/account_states%3Bfoo',
    '/3/movie/1/Account_States/',
    '/3/movie/1/account%5Fstates',
    '/3/movie/1/account_states.json',
    '/3/account.json',
    '/3/%20account',
    '/3/movie/1;x=1/account_states',
    '/3/List/1',
    '/4/List/1',
    '/3/guest%5fsession/abc/rated/tv',
  ])('%s passes', (target) => {
    expect(passed(target)).toMatchObject({ upstream: 'api', reason: 'personal-path', retryable: true });
  });

  it.each([
    '/3/authentication/token/new',
    '/3/authentication/guest_session/new',
    '/3/authentication/session/new?request_token=T',
    '/3/authentication/session/new',
    '/3/authentication/token/validate_with_login?username=u&password=p',
    '/4/list/1/clear',
    '/4/auth/request_token',
    '/3/Authentication/Token/New/',
    '/3/authentication//token/new',
    '/3/authentication/token/new;x',
    '/3/authentication;x/token/new',
    '/3/authenticatio%6e/token/n%65w',
    '/4/list/1/Clear/',
    '/4/list/1/clear.json',
    '/4/movie/../list/1/clear',
  ])('%s passes and is never repeated', (target) => {
    expect(passed(target)).toMatchObject({ reason: 'side-effects', retryable: false });
    expect(passed(target, [], undefined, 'HEAD')).toMatchObject({ reason: 'side-effects', retryable: false });
  });

  it('sends what was judged, not what was received', () => {
    expect(passed('/3/movie/../account').target).toBe('/3/account');
  });

  it.each([
    '/3/movie/550/lists',
    '/3/tv/1/content_ratings',
    '/3/genre/movie/list',
    '/3/watch/providers/movie',
    '/3/movie/550;x',
  ])("%s is nobody's", (target) => {
    expect(shared(target).kind).toBe('shared');
  });
});

describe('personal parameters', () => {
  it.each([
    'session_id=S',
    'guest_session_id=G',
    'request_token=T',
    'access_token=T',
    'session_id=',
    'session_id',
    'Session_ID=S',
    'session%5fid=S',
    'session%5Fi%64=S',
    'session%255Fid=S',
    'session_id[]=S',
    'session_id%5B0%5D=S',
    '+session_id=S',
    'language=de&&session_id=S',
    'language=de;session_id=S',
    'language=de%3Bsession_id=S',
    'language=de?session_id=S',
    'append_to_response=account_states',
    'append_to_response=credits,account_states',
    'append_to_response=credits%2Caccount_states',
    'append_to_response=credits%2caccount%5fstates',
    'append_to_response=CREDITS,ACCOUNT_STATES',
    'append_to_response=%61ccount_states',
    'append_to_response=%2561ccount_states',
    'append_to_response=credits&append_to_response=account_states',
    'append_to_response[]=account_states',
    'Append_To_Response=account_states',
    'append_to_response=season/1/account_states',
    'append_to_response=credits,+account_states',
  ])('%s passes', (query) => {
    expect(passed(`/3/movie/550?${query}`)).toMatchObject({ reason: 'personal-parameter', retryable: true });
  });

  it.each(['language=de?api_key=K', 'language=de;api_key=K', 'language=de&amp;api_key=K'])(
    '%s passes, or a key would hold a credential',
    (query) => {
      expect(routed(`/3/movie/550?${query}`).kind).toBe('pass');
    },
  );

  it.each([
    'query=account_states',
    'query=session_id',
    'query=what%3F',
    'append_to_response=credits',
    'session=1',
  ])('%s does not', (query) => {
    expect(shared(`/3/search/movie?${query}`).kind).toBe('shared');
  });
});

describe('personal credentials', () => {
  const site = policy({ credentials: [V4] });
  it.each([
    ['Bearer someone', 'personal-credential'],
    ['bearer someone', 'personal-credential'],
    ['Basic dTpw', 'personal-credential'],
    [`Bearer ${V4.value}x`, 'personal-credential'],
    [`Basic ${V4.value}`, 'personal-credential'],
    [V4.value, 'personal-credential'],
  ])('Authorization: %s passes', (value, reason) => {
    const route = passed('/3/movie/550', ['Authorization', value], site);
    expect(route).toMatchObject({ reason, retryable: true });
    expect(route.headers).toEqual(['Authorization', value, 'Via', '1.1 tcp']);
  });
  it.each([`Bearer ${V4.value}`, `bearer  ${V4.value} `, '', 'Bearer', 'Bearer '])(
    'Authorization: %s is shared',
    (value) => {
      expect(shared('/3/movie/550', ['authorization', value], site).key).toBe('v1:api:/3/movie/550');
    },
  );
  it('two of them pass', () => {
    const headers = ['Authorization', `Bearer ${V4.value}`, 'Authorization', `Bearer ${V4.value}`];
    expect(passed('/3/movie/550', headers, site).reason).toBe('personal-credential');
  });
  it('a v3 key is no bearer token', () => {
    expect(
      passed('/3/movie/550', ['Authorization', `Bearer ${V3.value}`], policy({ credentials: [V3] })).reason,
    ).toBe('personal-credential');
  });
  it('cookies do not matter and stay here', () => {
    expect(shared('/3/movie/550', ['Cookie', 'session_id=S']).headers).not.toContain('Cookie');
  });
});

describe('traits no key covers', () => {
  it.each([
    ['Content-Length', '2'],
    ['content-length', 'x'],
    ['Transfer-Encoding', 'chunked'],
  ])('a GET with %s: %s passes', (name, value) => {
    expect(passed('/3/movie/550', [name, value])).toMatchObject({ reason: 'unshareable', retryable: false });
  });
  it('an empty body is none, nor is a Content-Type (tmdb-ts)', () => {
    expect(shared('/3/movie/550?', ['Content-Length', '0', 'Content-Type', 'application/json']).kind).toBe(
      'shared',
    );
  });
  it('everything passes with the cache switched off', () => {
    const off = policy({ cacheEnabled: false });
    expect(passed('/3/movie/550', [], off)).toMatchObject({
      reason: 'disabled',
      retryable: true,
      key: 'v1:api:/3/movie/550',
    });
    expect(passed('/t/p/w500/x.jpg', [], off)).toMatchObject({ reason: 'disabled', upstream: 'image' });
    expect(passed('/3/account', [], off).reason).toBe('personal-path');
  });
});
