import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { IdentityBodies } from '../../../src/server/identity-bodies.js';
import { sample } from '../../contract/samples.js';

const gzipped = (text: string) => sample('v1:k', { coding: 'gzip', body: gzipSync(text) });

function kit(maxBytes = 1000) {
  const seen = { made: 0 };
  const bodies = new IdentityBodies(maxBytes, () => {
    seen.made += 1;
  });
  return { bodies, seen };
}

describe('bodies decoded for clients that take no gzip', () => {
  it('are made once for all who wait, and then kept', async () => {
    const { bodies, seen } = kit();
    const entry = gzipped('{"id":550}');
    expect(bodies.now(entry)).toBeUndefined();
    const all = await Promise.all([bodies.of(entry), bodies.of(entry), bodies.of(entry)]);
    expect(all.map(String)).toEqual(Array(3).fill('{"id":550}'));
    expect(bodies.now(entry)).toBe(all[0]);
    expect(await bodies.of(entry)).toBe(all[0]);
    expect(seen.made).toBe(1);
  });

  it('are not given for a later entry of the same key', async () => {
    const { bodies } = kit();
    await bodies.of(gzipped('old'));
    const newer = gzipped('new');
    expect(bodies.now(newer)).toBeUndefined();
    expect(String(await bodies.of(newer))).toBe('new');
  });

  it('stay within their bound', async () => {
    const { bodies, seen } = kit(10);
    const entry = gzipped('longer than ten bytes');
    await bodies.of(entry);
    expect(bodies.now(entry)).toBeUndefined();
    await bodies.of(entry);
    expect(seen.made).toBe(2);
  });

  it('a body that does not decode is an error each time, not a promise that never ends', async () => {
    const { bodies } = kit();
    const body = gzipSync('{"id":550}');
    body[0] = 0;
    const broken = sample('v1:k', { coding: 'gzip', body });
    for (let i = 0; i < 2; i++) await expect(bodies.of(broken)).rejects.toThrow('can not be decoded');
  });
});
