import { describe, expect, it } from 'vitest';
import { clientOf } from '../../../src/http/client-of.js';
import { ConnectionLimit } from '../../../src/server/connection-limit.js';

const bounds = { connections: 4, perClient: 2, requests: 10 };
const limitOf = (isProxy: (address: string) => boolean = () => false, changed = {}) =>
  new ConnectionLimit(() => ({ ...bounds, ...changed }), isProxy);

describe('how many connections are let in', () => {
  it('is bounded for one client, and a closed one makes room', () => {
    const limit = limitOf();
    const leave = limit.enter('10.0.0.1') as () => void;
    limit.enter('10.0.0.1');
    expect(limit.enter('10.0.0.1')).toBe('client');
    expect(limit.enter('10.0.0.2')).toBeTypeOf('function');
    leave();
    expect(limit.enter('10.0.0.1')).toBeTypeOf('function');
  });

  it('is bounded for all of them', () => {
    const limit = limitOf();
    for (const n of [1, 2, 3, 4]) expect(limit.enter(`10.0.0.${n}`)).toBeTypeOf('function');
    expect(limit.enter('10.0.0.5')).toBe('connections');
  });

  it('is not bounded by client for a proxy, nor for anybody with 0', () => {
    const proxied = limitOf((address) => address === '10.0.0.1');
    const free = limitOf(() => false, { perClient: 0 });
    for (const limit of [proxied, free])
      for (let i = 0; i < 4; i++) expect(limit.enter('10.0.0.1')).toBeTypeOf('function');
  });

  it('remembers nobody who has left', () => {
    const limit = limitOf();
    for (let i = 0; i < 1000; i++) (limit.enter(`10.0.${i >> 8}.${i & 255}`) as () => void)();
    expect(limit.clients).toBe(0);
  });
});

it.each([
  ['10.0.0.1', '10.0.0.1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::9', '2001:db8:1:2'],
  ['2001:db8::9', '2001:db8:0:0'],
  ['fe80::1', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
])('counts %s as %s', (address, client) => {
  expect(clientOf(address)).toBe(client);
});
