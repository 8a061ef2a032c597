import { describe, expect, it } from 'vitest';
import { createAuth } from '../../../src/admin/auth.js';
import { Brake } from '../../../src/admin/brake.js';
import { REMOTE } from './fakes.js';

function setUp() {
  const clock = { time: 1_000_000, steady: () => clock.time };
  const auth = createAuth({ apiKey: 'right', clock });
  const ask = (apiKey: string | undefined, address = REMOTE.address) =>
    auth(
      { apiKey, authorization: undefined, hostname: 'proxy.example', crossSite: false },
      { ...REMOTE, address },
    );
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

  it('admits the right key from the same address at once, in the middle of an attack', () => {
    const { ask } = setUp();
    for (let i = 0; i < 1000; i++) ask('wrong');
    expect(ask('right')).toBeUndefined();
    expect(ask('wrong')?.status).toBe(429);
    expect(ask('right')).toBeUndefined();
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
    const auth = createAuth({ apiKey: 'right', clock: { steady: () => 0 } });
    const both = { apiKey: 'wrong', authorization: 'Bearer right', hostname: 'x', crossSite: false };
    expect(auth(both, REMOTE)).toBeUndefined();
  });

  it('remembers a bounded number of addresses', () => {
    const brake = new Brake({ steady: () => 0 });
    for (let i = 0; i < 25_000; i++) brake.wrong(`address ${i}`);
    expect(brake.size).toBe(10_000);
  });
});
