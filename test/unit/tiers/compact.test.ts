import { expect, it } from 'vitest';
import { compact, Interner, ownBody, ownText } from '../../../src/tiers/compact.js';
import { sample } from '../../contract/samples.js';

it('a compact entry says the same as the one it was made of', () => {
  const entry = sample('v1:api:/3/movie/550?language=de', {
    primaryKey: 'v1:api:/3/movie/550',
    vary: ['accept-language'],
    headers: [
      'X-Text',
      'Grüße, 世界 and more than thirteen characters',
      'X-Lone',
      '\ud800 lone surrogate stays',
    ],
  });
  expect(compact(entry)).toEqual(entry);
  expect(Object.keys(compact(entry)).sort()).toEqual(Object.keys(entry).sort());
});

it('a small body does not keep alive the block it was cut from (I-17, I-18)', () => {
  const joined = Buffer.concat([Buffer.alloc(1000, 1), Buffer.alloc(1000, 2)]);
  expect(joined.buffer.byteLength).toBeGreaterThan(2000);
  const { body } = compact(sample('k', { body: joined }));
  expect(body.buffer.byteLength).toBe(2000);
  joined.fill(0);
  expect(body[0]).toBe(1);
  expect(body[1999]).toBe(2);
});

it('a body that is alone in its memory is not copied', () => {
  const body = Buffer.allocUnsafeSlow(2000);
  expect(ownBody(body)).toBe(body);
  expect(ownBody(Buffer.from('part of a pool').subarray(0, 0)).buffer.byteLength).toBe(0);
});

it.each([
  '',
  'short',
  'a'.repeat(13),
  'é'.repeat(500),
  'a'.repeat(5000),
  '世界'.repeat(20),
  '\u0100'.repeat(13),
])('a text of its own is the same text: %#', (text) => {
  expect(ownText(text)).toBe(text);
});

it('the table of texts is bounded, and keeps what comes often (I-17)', () => {
  const interner = new Interner();
  for (let i = 0; i < 20_000; i++) {
    interner.text(`unique ${i}`);
    interner.text('often');
    expect(interner.size).toBeLessThanOrEqual(4096);
  }
  interner.text('x'.repeat(1000));
  expect(interner.has('often')).toBe(true);
  expect(interner.has('unique 0')).toBe(false);
  expect(interner.has('x'.repeat(1000))).toBe(false);
});
