import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createClientAddress, peerOf } from '../../../src/server/peer.js';

function from(remoteAddress: string | undefined, ...rawHeaders: string[]): IncomingMessage {
  const headers: Record<string, string> = {};
  for (let i = 0; i < rawHeaders.length; i += 2) headers[rawHeaders[i]!.toLowerCase()] = rawHeaders[i + 1]!;
  return { socket: { remoteAddress }, rawHeaders, headers } as unknown as IncomingMessage;
}

/** What decides whether a request counts as local: from a loopback address, and forwarded by nobody. */
function local(incoming: IncomingMessage): [loopback: boolean, forwarded: boolean] {
  const { loopback, forwarded } = peerOf(incoming, createClientAddress(false));
  return [loopback, forwarded];
}

describe('loopback', () => {
  it.each(['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1'])('is %s', (address) => {
    expect(local(from(address))).toEqual([true, false]);
  });

  it.each(['10.0.0.1', '::ffff:10.0.0.1', '1127.0.0.1', '::12', undefined])('is not %s', (address) => {
    expect(local(from(address))).toEqual([false, false]);
  });

  it.each(['Forwarded', 'x-forwarded-for', 'X-Forwarded-Proto', 'X-FORWARDED-ANYTHING'])(
    'is not forwarded: %s',
    (name) => {
      expect(local(from('127.0.0.1', name, ''))).toEqual([true, true]);
    },
  );
});

describe('the address of a client', () => {
  const chain = from('10.0.0.1', 'X-Forwarded-For', '203.0.113.9, 192.168.1.1');

  it.each([
    [false, '10.0.0.1'],
    [0, '10.0.0.1'],
    [1, '192.168.1.1'],
    [2, '203.0.113.9'],
    [true, '203.0.113.9'],
    [['10.0.0.0/8'], '192.168.1.1'],
    [['10.0.0.0/8', '192.168.0.0/16'], '203.0.113.9'],
    [['loopback'], '10.0.0.1'],
  ] as const)('with TRUST_PROXY=%s', (trust, expected) => {
    expect(createClientAddress(trust)(chain)).toBe(expected);
  });

  it.each([
    ['203.0.113.9:5678', '203.0.113.9'],
    ['[2001:db8::1]:5678', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['unknown', '10.0.0.1'],
    ['[203.0.113.9', '10.0.0.1'],
    ['', '10.0.0.1'],
  ])('where a proxy says %s it is %s: that one, or whose connection it is', (said, expected) => {
    expect(createClientAddress(1)(from('10.0.0.1', 'X-Forwarded-For', said))).toBe(expected);
  });

  it('is no text of any length that a client has made up', () => {
    const said = from('10.0.0.1', 'X-Forwarded-For', 'x'.repeat(30_000));
    expect(createClientAddress(true)(said)).toBe('10.0.0.1');
  });

  it('never makes a forwarded request local', () => {
    const spoofed = from('10.0.0.1', 'X-Forwarded-For', '127.0.0.1');
    const peer = peerOf(spoofed, createClientAddress(true));
    expect(peer).toEqual({ loopback: false, forwarded: true, address: '127.0.0.1' });
  });
});
