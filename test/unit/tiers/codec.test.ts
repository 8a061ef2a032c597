import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEntry, decodeHead, encodeEntry, encodeHead } from '../../../src/tiers/codec.js';
import type { Entry } from '../../../src/tiers/entry.js';
import { sample } from '../../contract/samples.js';

const text = fc.string({ unit: 'binary', maxLength: 40 });
const texts = fc.array(text, { maxLength: 6 });
const whole = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const entries: fc.Arbitrary<Entry> = fc
  .record({
    key: text,
    variant: fc.option(text, { nil: undefined }),
    status: fc.integer({ min: 100, max: 999 }),
    statusText: text,
    headers: texts,
    coding: fc.constantFrom('identity' as const, 'gzip' as const, 'other' as const),
    recoded: fc.boolean(),
    class: text,
    tags: texts,
    stamp: whole,
    storedAt: fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
    ageAtStore: whole,
    lifetime: fc.integer(),
    memoryFor: whole,
    staleWhileRevalidate: whole,
    staleIfError: whole,
    vary: texts,
    marker: fc.boolean(),
    body: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  })
  .map(({ variant, ...entry }) => ({ ...entry, primaryKey: variant ?? entry.key }));

describe('codec', () => {
  it('decodes what it encoded, whatever the entry', () => {
    fc.assert(
      fc.property(entries, (entry) => {
        expect(decodeEntry(encodeEntry(entry))).toEqual({ ok: true, value: entry });
      }),
      { numRuns: 500 },
    );
  });

  it('never gives an entry for bytes of which one bit was flipped', () => {
    fc.assert(
      fc.property(entries, fc.nat(), (entry, position) => {
        const bytes = encodeEntry(entry);
        const bit = position % (bytes.length * 8);
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        expect(decodeEntry(bytes).ok).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('finds every flipped bit of one entry', () => {
    const whole = encodeEntry(sample('v1:k', { body: Buffer.from('body of an entry') }));
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      whole[bit >> 3]! ^= 1 << (bit & 7);
      expect(decodeEntry(whole).ok, `bit ${bit}`).toBe(false);
      whole[bit >> 3]! ^= 1 << (bit & 7);
    }
    expect(decodeEntry(whole).ok).toBe(true);
  });

  it('never gives an entry for bytes cut off or continued anywhere', () => {
    const whole = encodeEntry(sample('v1:k'));
    for (let length = 0; length < whole.length; length += 1) {
      expect(decodeEntry(whole.subarray(0, length)).ok, `${length} bytes`).toBe(false);
    }
    expect(decodeEntry(Buffer.concat([whole, Buffer.from([0])])).ok).toBe(false);
  });

  it('never throws and never gives an entry for bytes of anybody else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decodeEntry(bytes).ok).toBe(false);
        expect(decodeHead(bytes).ok).toBe(false);
      }),
    );
  });

  it('says why (I-25)', () => {
    const good = encodeEntry(sample('v1:k'));
    const changed = (at: number, value: number): Buffer => {
      const bytes = Buffer.from(good);
      bytes[at] = value;
      return bytes;
    };
    expect(decodeEntry(Buffer.from('{"json":"of another program"}'))).toEqual({
      ok: false,
      reason: 'not-an-entry',
    });
    expect(decodeEntry(changed(4, 99))).toEqual({ ok: false, reason: 'other-schema' });
    expect(decodeEntry(changed(30, 0))).toEqual({ ok: false, reason: 'checksum' });
    expect(decodeEntry(changed(good.length - 1, 0))).toEqual({ ok: false, reason: 'checksum' });
    expect(decodeEntry(good.subarray(0, 100))).toEqual({ ok: false, reason: 'truncated' });
    const notFinite = encodeEntry(sample('v1:k', { lifetime: Number.POSITIVE_INFINITY }));
    expect(decodeEntry(notFinite)).toEqual({ ok: false, reason: 'malformed' });
  });

  it('reads a head alone, with the body’s length but without its bytes', () => {
    const entry = sample('v1:k');
    const { body, ...head } = entry;
    expect(decodeHead(encodeHead(entry))).toMatchObject({
      ok: true,
      value: { head, bodyLength: body.length },
    });
  });

  it('copies the body into memory of its own (I-18)', () => {
    const bytes = Buffer.concat([Buffer.alloc(7), encodeEntry(sample('v1:k'))]).subarray(7);
    const decoded = decodeEntry(bytes);
    bytes.fill(0);
    expect(decoded).toEqual({ ok: true, value: sample('v1:k') });
    expect(decoded.ok && decoded.value.body.buffer.byteLength).toBe(1000);
  });
});
