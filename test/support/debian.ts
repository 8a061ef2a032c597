import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The folder into which Debian's packages are unpacked, once for all runs: no root needed, nothing is installed and no service starts.
 * Undefined where they can't be had.
 * @param wanted a file or folder of theirs, by which an unpacked one is known
 */
export function unpacked(name: string, packages: readonly string[], wanted: string): string | undefined {
  const folder = join(tmpdir(), `tmdb-proxy-${name}-${process.getuid?.() ?? 0}`);
  if (existsSync(join(folder, wanted))) return folder;
  if (spawnSync('apt-get', ['--version']).status !== 0) return undefined;
  // Test files run in parallel: each unpacks for itself, the first to finish wins.
  const mine = `${folder}-${process.pid}`;
  mkdirSync(mine, { recursive: true });
  try {
    if (process.getuid?.() === 0) spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore' });
    for (const each of packages)
      spawnSync('apt-get', ['download', '-qq', each], { cwd: mine, stdio: 'ignore' });
    for (const file of readdirSync(mine).filter((entry) => entry.endsWith('.deb')))
      execFileSync('dpkg-deb', ['-x', join(mine, file), mine]);
    if (!existsSync(folder)) renameSync(mine, folder);
  } catch {
    return undefined;
  } finally {
    rmSync(mine, { recursive: true, force: true });
  }
  return existsSync(join(folder, wanted)) ? folder : undefined;
}

/** Folders of one architecture's libraries. */
export function architectures(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('-linux-gnu'))
    .map((name) => join(folder, name));
}
