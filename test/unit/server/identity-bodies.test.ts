import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { IdentityBodies } from '../../../src/server/identity-bodies.js';
import { sample } from '../../contract/samples.js';

const gzipped = (text: string) => sample('v1:k', { coding: 'gzip', body: gzipSync(text) });

/** Too large to be decoded where it is. */
const LARGE = 'ab'.repeat(20_000);

function kit(maxBytes = 100_000) {
  const seen = { made: 0 };
  const bodies = new IdentityBodies(maxBytes, () => {
    seen.made += 1;
  });
  return { bodies, seen };
}

describe('bodies decoded for clients that take no gzip', () => {
  it('small ones are made at once, and then kept', async () => {
    const { bodies, seen } = kit();
    const entry = gzipped('{"id":550}');
    const made = bodies.now(entry);
    expect(String(made)).toBe('{"id":550}');
    expect(bodies.now(entry)).toBe(made);
    expect(await bodies.of(entry)).toBe(made);
    expect(seen.made).toBe(1);
  });

  it('others are made off the event loop, once for all who wait, and then kept', async () => {
    const { bodies, seen } = kit();
    const entry = gzipped(LARGE);
    expect(bodies.now(entry)).toBeUndefined();
    const making = [bodies.of(entry), bodies.of(entry), bodies.of(entry)];
    expect(bodies.now(entry)).toBeUndefined();
    const all = await Promise.all(making);
    expect(all.map(String)).toEqual(Array(3).fill(LARGE));
    expect(bodies.now(entry)).toBe(all[0]);
    expect(await bodies.of(entry)).toBe(all[0]);
    expect(seen.made).toBe(1);
  });

  it('are not given for a later entry of the same key', async () => {
    const { bodies } = kit();
    await bodies.of(gzipped('old'));
    expect(String(bodies.now(gzipped('new')))).toBe('new');
    await bodies.of(gzipped(LARGE));
    expect(bodies.now(gzipped(`${LARGE}!`))).toBeUndefined();
  });

  it('stay within their bound', async () => {
    const { bodies, seen } = kit(10);
    for (const text of ['longer than ten bytes', LARGE]) {
      const entry = gzipped(text);
      const before = seen.made;
      await bodies.of(entry);
      await bodies.of(entry);
      expect(seen.made - before).toBe(2);
    }
  });

  it('one that says it is small and is not is made off the event loop', async () => {
    const { bodies } = kit();
    const body = gzipSync(LARGE);
    const lying = Buffer.concat([body, gzipSync('tail')]); // the last member's length is what the trailer tells
    const entry = sample('v1:k', { coding: 'gzip', body: lying });
    expect(bodies.now(entry)).toBeUndefined();
    expect(String(await bodies.of(entry))).toBe(`${LARGE}tail`);
  });

  it('a body that does not decode is an error each time, not a promise that never ends', async () => {
    const { bodies } = kit();
    const body = gzipSync('{"id":550}');
    body[0] = 0;
    const broken = sample('v1:k', { coding: 'gzip', body });
    for (let i = 0; i < 2; i++) await expect(bodies.of(broken)).rejects.toThrow('can not be decoded');
  });
});
