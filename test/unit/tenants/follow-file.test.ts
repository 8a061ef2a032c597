import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { FollowedFile } from '../../../src/tenants/follow-file.js';

function follow(path: string) {
  const troubles: string[] = [];
  const good: string[] = [];
  const file = new FollowedFile<string>({
    path,
    read: (text) => text,
    showsItsEnd: () => true,
    clock: systemClock,
    onGood: (text) => good.push(text),
    onTrouble: (lines) => troubles.push(...lines),
  });
  onTestFinished(() => file.close());
  return { file, troubles, good };
}

it.each([
  ['a pipe that nobody writes to', (path: string) => void execFileSync('mkfifo', [path])],
  ['a device without end', (path: string) => symlinkSync('/dev/zero', path)],
])('%s in the place of the file is trouble, and the next file is read', async (_, put) => {
  const folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-keys-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'keys');
  writeFileSync(path, 'first');
  const { file, troubles, good } = follow(path);
  expect(await file.start()).toBe('first');
  rmSync(path);
  put(path);
  await file.look();
  expect(troubles.at(-1)).toBe('cannot be read (it is no file)');
  rmSync(path);
  writeFileSync(path, 'second');
  await file.look();
  expect(good).toEqual(['second']);
});
