import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { ProxyError } from '../../../src/errors.js';
import { type KnownCaller, TenantGate } from '../../../src/tenants/gate.js';
import { parseKeys } from '../../../src/tenants/keys-file.js';
import { TenantMeter } from '../../../src/tenants/meter.js';
import { keySetOf } from '../../../src/tenants/registry.js';
import { FakeClock } from '../../support/fake-clock.js';

const ALICE = 'tcp_Alice1_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG';
const BOB = 'bobs-own-key-with-&-and-+';
const KEYS = `alice=${ALICE};expires=2026-02-01
bob=${BOB};classes=detail+image;diagnostics
carol=carols-key-0123456789`;

let clock: FakeClock;
let gate: TenantGate;
let refused: string[];

function open(text = KEYS, version = 1): void {
  clock = new FakeClock();
  refused = [];
  gate = new TenantGate({
    clock,
    meter: new TenantMeter({ clock, grant: (ask) => ({ given: ask.want, forMs: 1000 }) }),
    wrong: () => 0,
    onRefused: (tenant) => refused.push(tenant),
  });
  gate.use(keySetOf(parseKeys(text), version));
}
beforeEach(() => open());

const identify = (target: string, headers: string[] = [], bodyKey?: string) =>
  gate.identify({ target, headers, ...(bodyKey !== undefined && { bodyKey }) }, clock.now());

function caller(target: string, headers: string[] = [], bodyKey?: string): KnownCaller {
  const found = identify(target, headers, bodyKey);
  if (found instanceof ProxyError) throw found;
  return found;
}

function refusal(target: string, headers: string[] = []) {
  const found = identify(target, headers);
  if (!(found instanceof ProxyError)) throw new Error(`${target} was let in as ${found.tenant}`);
  return found.code;
}

describe('a key is found where a client would send one to TMDB, and goes no further', () => {
  it.each([
    ['alone', `/3/movie/1?api_key=${ALICE}`, '/3/movie/1'],
    ['first', `/3/movie/1?api_key=${ALICE}&language=de`, '/3/movie/1?language=de'],
    ['last, behind an empty pair', `/3/movie/1?&&language=zh&api_key=${ALICE}`, '/3/movie/1?&&language=zh'],
    ['spelt otherwise', `/3/movie/1?a=1&%61pi%5Fkey=${ALICE}&API_KEY[]=${ALICE}`, '/3/movie/1?a=1'],
    ['twice', `/3/movie/1?api_key=${ALICE}&api_key=${ALICE}`, '/3/movie/1'],
    ['under a wrong name beside the right one', `/3/x?apikey=${ALICE}&api_key=${ALICE}`, '/3/x'],
    ['beside an empty one', `/3/x?api_key=&api_key=${ALICE}`, '/3/x?api_key='],
  ])('in the query: %s', (_where, target, without) => {
    expect(caller(target)).toMatchObject({ tenant: 'alice', target: without });
  });

  it('with characters that a query must encode', () => {
    expect(caller(`/3/x?api_key=${encodeURIComponent(BOB)}&q=1`)).toMatchObject({
      tenant: 'bob',
      target: '/3/x?q=1',
    });
  });

  it('as Authorization: Bearer', () => {
    const { tenant, headers } = caller('/3/x?q=1', [
      'Accept',
      '*/*',
      'authorization',
      `bearer ${ALICE}`,
      'Host',
      'a',
    ]);
    expect(tenant).toBe('alice');
    expect(headers).toEqual(['Accept', '*/*', 'Host', 'a']);
  });

  it("in moviedb-promise's JSON body", () => {
    expect(caller('/3/movie/1/rating?session_id=s', [], ALICE)).toMatchObject({
      tenant: 'alice',
      target: '/3/movie/1/rating?session_id=s',
    });
  });

  it("a user's own token beside it stays, for TMDB", () => {
    const headers = ['Authorization', 'Bearer a.users.token'];
    expect(caller(`/4/list/1?api_key=${ALICE}`, headers)).toMatchObject({ target: '/4/list/1', headers });
  });

  it("a client's own TMDB key beside it stays", () => {
    const found = caller('/3/x?api_key=theirs', ['Authorization', `Bearer ${ALICE}`]);
    expect(found).toMatchObject({ tenant: 'alice', target: '/3/x?api_key=theirs', headers: [] });
  });

  it('two different ones of ours are refused: whose request it is can not be told', () => {
    expect(refusal(`/3/x?api_key=${ALICE}`, ['Authorization', 'Bearer carols-key-0123456789'])).toBe(
      'proxy_key_unknown',
    );
  });
});

describe('who has no good key is refused', () => {
  it.each([
    ['none', '/3/x', [], 'proxy_key_missing'],
    ['an empty one', '/3/x?api_key=', [], 'proxy_key_missing'],
    ['a Bearer without a token', '/3/x', ['Authorization', 'Bearer '], 'proxy_key_missing'],
    ['another scheme', '/3/x', ['Authorization', 'Basic dTpw'], 'proxy_key_missing'],
    ['a key in the path', `/3/movie/6&api_key=${ALICE}`, [], 'proxy_key_missing'],
    ['a wrong one', '/3/x?api_key=0123456789abcdef', [], 'proxy_key_unknown'],
    ['half of one', `/3/x?api_key=${ALICE.slice(0, -1)}`, [], 'proxy_key_unknown'],
    [
      'its digest',
      `/3/x?api_key=${createHash('sha256').update(ALICE).digest('base64url')}`,
      [],
      'proxy_key_unknown',
    ],
  ])('%s', (_what, target, headers, code) => {
    expect(refusal(target, headers)).toBe(code);
  });

  it('one that has expired, to the millisecond, also where the caller was remembered', () => {
    const early = caller(`/3/x?api_key=${ALICE}`);
    clock.advance(Date.UTC(2026, 1, 2) - clock.now() - 1);
    expect(gate.enterNow(early, 'detail')).toBe('in');
    clock.advance(1);
    expect(refusal(`/3/x?api_key=${ALICE}`)).toBe('proxy_key_expired');
    expect(gate.enterNow(early, 'detail')).toMatchObject({ code: 'proxy_key_expired' });
  });

  it('one that was revoked, also where the caller was remembered: a remembered one is of an older number', () => {
    const early = caller(`/3/x?api_key=${ALICE}`);
    const { version } = gate;
    gate.use(keySetOf(parseKeys('carol=carols-key-0123456789'), 2));
    expect(refusal(`/3/x?api_key=${ALICE}`)).toBe('proxy_key_unknown');
    expect(gate.enterNow(early, 'detail')).toMatchObject({ code: 'proxy_key_unknown' });
    expect(gate.version).not.toBe(version);
  });

  it('before any keys are known, everybody', () => {
    gate = new TenantGate({
      clock,
      meter: new TenantMeter({ clock, grant: () => ({ given: 1, forMs: 1 }) }),
      wrong: () => 0,
      onRefused: () => {},
    });
    expect(refusal(`/3/x?api_key=${ALICE}`)).toBe('proxy_key_unknown');
    expect(refusal('/3/x')).toBe('proxy_key_missing');
  });

  it('a set that comes late does not bring a revoked key back', () => {
    gate.use(keySetOf(parseKeys('carol=carols-key-0123456789'), 5));
    gate.use(keySetOf(parseKeys(KEYS), 4));
    expect(refusal(`/3/x?api_key=${ALICE}`)).toBe('proxy_key_unknown');
  });
});

describe('classes', () => {
  it('a tenant may ask for what it is allowed, and is told of the rest with code proxy_key_class', async () => {
    const bob = caller(`/3/x?api_key=${encodeURIComponent(BOB)}`);
    expect(gate.enterNow(bob, 'detail')).toBe('in');
    expect(gate.enterNow(bob, 'search')).toMatchObject({ code: 'proxy_key_class', status: 401 });
    expect(await gate.enter(bob, 'personal')).toMatchObject({ code: 'proxy_key_class' });
    expect(refused).toEqual(['bob']);
  });

  it('without a key may be asked what the anonymous tenant may; for all else a key is missing', async () => {
    open(`${KEYS}\nanonymous;classes=image`);
    const nobody = caller('/t/p/w500/x.jpg');
    expect(nobody).toMatchObject({ tenant: 'anonymous', quiet: true });
    expect(await gate.enter(nobody, 'image')).toBe('in');
    expect(await gate.enter(nobody, 'detail')).toMatchObject({ code: 'proxy_key_missing' });
    expect(refusal('/t/p/w500/x.jpg?api_key=wrong')).toBe('proxy_key_unknown');
  });
});

describe('what a tenant may learn', () => {
  it('nothing, unless the operator says so', () => {
    expect(caller(`/3/x?api_key=${ALICE}`).quiet).toBe(true);
    expect(caller(`/3/x?api_key=${encodeURIComponent(BOB)}`).quiet).toBe(false);
  });

  it('not what is stored, by asking for only that', () => {
    const asked = [
      'Cache-Control',
      'no-cache, Only-If-Cached',
      'cache-control',
      'only-if-cached',
      'Accept',
      '*/*',
    ];
    expect(caller(`/3/x?api_key=${ALICE}`, asked).headers).toEqual([
      'Cache-Control',
      'no-cache',
      'Accept',
      '*/*',
    ]);
    expect(caller(`/3/x?api_key=${encodeURIComponent(BOB)}`, asked).headers).toEqual(asked);
  });

  it('no refusal names a tenant or repeats a key', () => {
    for (const target of ['/3/x', `/3/x?api_key=${ALICE}x`, `/3/x?api_key=${ALICE}`]) {
      clock.advance(40 * 86_400_000);
      const found = identify(target) as ProxyError;
      expect(found).toBeInstanceOf(ProxyError);
      expect(`${found.message} ${found.advice}`).not.toMatch(/alice|tcp_/);
    }
  });
});
