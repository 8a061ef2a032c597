import { expect, it, vi } from 'vitest';
import { Receipts } from '../../../src/cluster/receipts.js';

it('I-16: a repeated delivery is answered with the first result and does nothing again', async () => {
  const receipts = new Receipts<number>();
  const work = vi.fn(async () => 3);
  expect(await Promise.all([receipts.once('a', work), receipts.once('a', work)])).toEqual([3, 3]);
  expect(work).toHaveBeenCalledTimes(1);
  await receipts.once('b', work);
  await receipts.once(undefined, work);
  await receipts.once(undefined, work);
  expect(work).toHaveBeenCalledTimes(4);
});

it('a delivery that failed may be repeated', async () => {
  const receipts = new Receipts<number>();
  await expect(receipts.once('a', async () => Promise.reject(new Error('disk')))).rejects.toThrow('disk');
  expect(await receipts.once('a', async () => 1)).toBe(1);
});

it('I-17: only the last 10 000 are remembered', async () => {
  const receipts = new Receipts<number>();
  for (let i = 0; i <= 10_000; i++) await receipts.once(String(i), async () => i);
  expect(await receipts.once('0', async () => -1)).toBe(-1);
  expect(await receipts.once('10000', async () => -1)).toBe(10_000);
});
