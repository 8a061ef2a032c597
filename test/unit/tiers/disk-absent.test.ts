import { expect, it } from 'vitest';
import { AbsentDisk } from '../../../src/tiers/disk-absent.js';

it('a store whose files have gone counts each look and each write that it could not do', async () => {
  const disk = new AbsentDisk();
  expect(disk.stats()).toMatchObject({ errors: 1, misses: 0, refused: 0 });
  await disk.get();
  await disk.get();
  await disk.set();
  expect(disk.stats()).toMatchObject({ errors: 3, misses: 2, refused: 1 });
});
