import { describe, expect, it } from 'vitest';
import { decodeMetadata, encodeMetadata } from '../../../src/tiers/metadata.js';
import { sample } from '../../contract/samples.js';

const entry = sample('v1:k', { primaryKey: 'v1:p', vary: ['accept'], tags: ['a', ''] });
const { body: _body, ...head } = entry;
const decoded = (bytes: Buffer) => decodeMetadata(bytes, 0, bytes.length);

describe('metadata', () => {
  it('comes back out of the middle of other bytes', () => {
    const bytes = Buffer.concat([Buffer.alloc(3, 1), encodeMetadata(entry), Buffer.alloc(5, 2)]);
    expect(decodeMetadata(bytes, 3, bytes.length - 5)).toEqual(head);
  });

  it('keeps a byte a character, or two where one has to be: lone surrogates and NUL too', () => {
    const narrow = encodeMetadata(sample('v1:k', { headers: ['X', '\u0000\u00ff'] }));
    const wide = encodeMetadata(sample('v1:k', { headers: ['X', '\ud800\u0100'] }));
    expect(decoded(narrow)?.headers).toEqual(['X', '\u0000\u00ff']);
    expect(decoded(wide)?.headers).toEqual(['X', '\ud800\u0100']);
    expect(wide.length).toBeGreaterThan(narrow.length);
  });

  it.each<[string, (bytes: Buffer) => void]>([
    ['a coding that does not exist', (bytes) => bytes.writeUInt8(9, 58)],
    ['a number that is none', (bytes) => bytes.writeDoubleLE(Number.NaN, 8)],
    ['more strings than there is room for', (bytes) => bytes.writeUInt32LE(0xffff_ffff, 60)],
    ['strings longer than the text', (bytes) => bytes.writeUInt32LE(5, 72)],
    ['strings shorter than the text', (bytes) => bytes.writeUInt32LE(3, 72)],
  ])('is not taken with %s (I-25)', (_what, damage) => {
    const bytes = encodeMetadata(entry);
    expect(decoded(bytes)).toEqual(head);
    damage(bytes);
    expect(decoded(bytes)).toBeUndefined();
  });

  it('is not taken when cut off anywhere (I-25)', () => {
    const bytes = encodeMetadata(entry);
    for (let end = 0; end < bytes.length; end += 1)
      expect(decodeMetadata(bytes, 0, end), `${end}`).toBeUndefined();
  });
});
