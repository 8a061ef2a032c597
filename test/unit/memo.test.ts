import { expect, it } from 'vitest';
import { Memo } from '../../src/memo.js';

const one = { value: 1 };

it('gives back what was put in', () => {
  const memo = new Memo<{ value: number }>(10, () => 1);
  memo.set('a', one);
  expect(memo.get('a')).toBe(one);
  expect(memo.get('b')).toBeUndefined();
});

it('holds no more than its bound, whatever comes', () => {
  const memo = new Memo<{ value: number }>(1000, (text) => text.length);
  const texts = Array.from({ length: 500 }, (_, i) => `text number ${i}`);
  for (const text of texts) memo.set(text, one);
  const held = texts.filter((text) => memo.get(text) !== undefined);
  expect(held.join('').length).toBeLessThanOrEqual(1000);
  expect(held).toContain(texts.at(-1));
});

it('a flood of new texts does not drive out what is asked for again and again', () => {
  const memo = new Memo<{ value: number }>(100, () => 1);
  memo.set('asked often', one);
  for (let i = 0; i < 10_000; i++) {
    memo.set(`flood ${i}`, { value: i });
    if (i % 20 === 0) expect(memo.get('asked often')).toBe(one);
  }
});
