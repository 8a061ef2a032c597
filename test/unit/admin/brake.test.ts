import { describe, expect, it } from 'vitest';
import { createAuth } from '../../../src/admin/auth.js';
import { Brake } from '../../../src/admin/brake.js';
import { REMOTE } from './fakes.js';

function setUp() {
  const clock = { time: 1_000_000, steady: () => clock.time };
  const auth = createAuth({ apiKey: 'right', brake: new Brake(clock) });
  const ask = (apiKey: string | undefined, address = REMOTE.address, authorization?: string) =>
    auth({ apiKey, authorization, hostname: 'proxy.example', crossSite: false }, { ...REMOTE, address });
  return { clock, ask };
}

describe('the brake on wrong keys', () => {
  it('bites after ten wrong keys of one address, with Retry-After, and of that address only', () => {
    const { ask } = setUp();
    for (let i = 0; i < 10; i++) expect(ask(`wrong ${i}`)?.status).toBe(401);
    const braked = ask('wrong');
    expect(braked).toMatchObject({ status: 429, code: 'too_many_attempts' });
    expect(Number(braked!.headers!['retry-after'])).toBeGreaterThan(0);
    expect(Number(braked!.headers!['retry-after'])).toBeLessThanOrEqual(20);
    expect(ask('wrong', '198.51.100.1')?.status).toBe(401);
  });

  it('of many keys at once only forty are looked at: the right one among the rest is not found', () => {
    const { ask } = setUp();
    for (let i = 0; i < 40; i++) ask(`wrong ${i}`);
    const unjudged = ask('right');
    expect(unjudged).toMatchObject({ status: 429, code: 'too_many_attempts' });
    expect(unjudged!.headers!['retry-after']).toBe('1');
    expect(ask('right', '198.51.100.1')).toBeUndefined();
  });

  it.each([
    ['one in each request', undefined, 1],
    ['two in each', 'Bearer another', 2],
    ['the same one twice in each', 'Bearer wrong', 1],
  ])('then two a second, however many are sent: %s', (_how, authorization, keys) => {
    const { ask, clock } = setUp();
    for (let i = 0; i < 40; i++) ask('wrong');
    let looked = 0;
    for (let ms = 0; ms < 60_000; ms += 10) {
      clock.time += 10;
      if (ask('wrong', REMOTE.address, authorization)!.detail.includes('Wait')) looked += keys;
    }
    expect(looked).toBe(120);
  });

  it('admits the right key once the guesser rests, after what Retry-After says', () => {
    const { ask, clock } = setUp();
    for (let i = 0; i < 100_000; i++) ask('wrong');
    clock.time += 1000 * Number(ask('right')!.headers!['retry-after']);
    expect(ask('right')).toBeUndefined();
  });

  it('admits the right key at once in the middle of an attack where it was shown before: nobody locks the operator out', () => {
    const { ask, clock } = setUp();
    expect(ask('right')).toBeUndefined();
    for (let i = 0; i < 1000; i++) ask('wrong');
    expect(ask('right')).toBeUndefined();
    expect(ask('wrong')?.status).toBe(429);
    clock.time += 24 * 3_600_000 - 1;
    for (let i = 0; i < 1000; i++) ask('wrong');
    expect(ask('right')).toBeUndefined();
    clock.time += 24 * 3_600_000;
    for (let i = 0; i < 1000; i++) ask('wrong');
    expect(ask('right')?.status).toBe(429);
  });

  it('counts a /64 of IPv6 as one, and IPv4 in IPv6 as what it is', () => {
    const { ask } = setUp();
    for (let i = 0; i < 40; i++) ask('wrong', `2001:db8:1:2:${i}::1`);
    expect(ask('right', '2001:db8:1:2:ffff::2')?.status).toBe(429);
    expect(ask('right', '2001:db8:1:3::1')).toBeUndefined();
    for (let i = 0; i < 40; i++) ask('wrong', '198.51.100.1');
    expect(ask('right', '::ffff:198.51.100.1')?.status).toBe(429);
  });

  it('is one for all processes of a node: each tells the others, but not of a flood', () => {
    const clock = { time: 0, steady: () => clock.time };
    const told: [string, boolean][] = [];
    const here = new Brake(clock, (...said) => {
      told.push(said);
      there.note(...said);
    });
    const there = new Brake(clock);
    for (let i = 0; i < 5000; i++) here.wrong('192.0.2.1');
    expect(told).toHaveLength(40);
    expect(there.wait('192.0.2.1')).toBe(1);
    for (let i = 0; i < 5000; i++) here.right('192.0.2.1');
    expect(told).toHaveLength(41);
    expect(there.wait('192.0.2.1')).toBe(0);
  });

  it('forgets with a new key whom it has admitted and whom it has not', () => {
    const brake = new Brake({ steady: () => 0 });
    for (let i = 0; i < 50; i++) brake.wrong('192.0.2.1');
    brake.right('192.0.2.2');
    brake.clear();
    expect([brake.wait('192.0.2.1'), brake.size, brake.admitted]).toEqual([0, 0, 0]);
  });

  it('is off again within 20 s however long the attack was', () => {
    const { ask, clock } = setUp();
    for (let i = 0; i < 100_000; i++) ask('wrong');
    clock.time += 20_000;
    expect(ask('wrong')?.status).toBe(401);
  });

  it('does not count a missing key', () => {
    const { ask } = setUp();
    for (let i = 0; i < 100; i++) expect(ask(undefined)?.status).toBe(401);
    expect(ask('wrong')?.status).toBe(401);
  });

  it('takes the right one of two keys', () => {
    const auth = createAuth({ apiKey: 'right', brake: new Brake({ steady: () => 0 }) });
    const both = { apiKey: 'wrong', authorization: 'Bearer right', hostname: 'x', crossSite: false };
    expect(auth(both, REMOTE)).toBeUndefined();
  });

  it('remembers a bounded number of addresses', () => {
    const brake = new Brake({ steady: () => 0 });
    for (let i = 0; i < 25_000; i++) brake.wrong(`address ${i}`);
    expect(brake.size).toBe(10_000);
    for (let i = 0; i < 25_000; i++) brake.right(`address ${i}`);
    expect(brake.admitted).toBe(1000);
  });
});
