import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../config/config.js';
import { livingOwner } from '../tiers/disk-lock.js';
import { MIN_DISK_BYTES } from '../tiers/disk-types.js';
import { type Finding, fail, ok, type Part, reasonOf, warn } from './finding.js';

const PART = 'disk';
const GiB = 1024 ** 3;

/** Whether `CACHE_DIR` takes a file and gives it back, who writes there, and whether there is room. Leaves nothing behind. */
export function diskPart({ cache }: Pick<Config, 'cache'>): Part {
  return { name: PART, look: async () => [looked(cache.dir, cache.diskBytes)] };
}

function looked(directory: string, maxBytes: number): Finding {
  if (maxBytes < MIN_DISK_BYTES)
    return fail(
      PART,
      `DISK_CACHE_BYTES is ${maxBytes}`,
      `set DISK_CACHE_BYTES to at least ${MIN_DISK_BYTES}`,
    );
  const made: string[] = [];
  try {
    make(directory, made);
    writesAndReads(directory);
    const owner = livingOwner(join(directory, 'store'));
    if (owner !== undefined) return ok(PART, `${directory} can be written; in use by process ${owner}`);
    return withRoom(directory, maxBytes);
  } catch (thrown) {
    return fail(
      PART,
      `${directory} cannot be used (${reasonOf(thrown)})`,
      'set CACHE_DIR to a directory that this user may write, on a medium with room',
    );
  } finally {
    for (const path of made.reverse()) removeEmpty(path);
  }
}

function withRoom(directory: string, maxBytes: number): Finding {
  const { bavail, bsize } = statfsSync(directory);
  const room = bavail * bsize + bytesIn(join(directory, 'store'));
  const found = `${directory} can be written and read`;
  if (room >= maxBytes) return ok(PART, found);
  return warn(
    PART,
    `${found}, but has room for ${gib(room)} of the ${gib(maxBytes)} of DISK_CACHE_BYTES`,
    'lower DISK_CACHE_BYTES, or make room',
  );
}

/** Not `recursive: true`: see tiers/disk-open.ts. `made` gets what was not there. */
function make(directory: string, made: string[]): void {
  if (existsSync(directory)) return;
  make(dirname(directory), made);
  mkdirSync(directory);
  made.push(directory);
}

/** Unless somebody has put something there meanwhile. */
function removeEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {}
}

function writesAndReads(directory: string): void {
  const probe = join(directory, `.check-${process.pid}`);
  const bytes = randomBytes(4096);
  try {
    writeFileSync(probe, bytes);
    if (!readFileSync(probe).equals(bytes)) throw new Error('what was written is not what was read');
  } finally {
    rmSync(probe, { force: true });
  }
}

function bytesIn(directory: string): number {
  if (!existsSync(directory)) return 0;
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce(
      (sum, entry) =>
        sum + (statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.blocks ?? 0) * 512,
      0,
    );
}

function gib(bytes: number): string {
  return `${(bytes / GiB).toFixed(1)} GiB`;
}
