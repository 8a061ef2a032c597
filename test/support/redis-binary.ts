import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

export interface RedisBinaries {
  readonly server: string;
  readonly cli: string;
  /** Where libraries of an unpacked package lie. */
  readonly env: NodeJS.ProcessEnv;
}

let found: RedisBinaries | undefined;

/**
 * redis-server and redis-cli: on the PATH, else unpacked from Debian's packages into a cache folder (no root needed, nothing is
 * installed and no service starts). Throws with the one line that says what to install; never skips (issue 3).
 */
export function findRedis(): RedisBinaries {
  found ??= onPath() ?? unpacked();
  if (found === undefined) {
    throw new Error(
      'These tests need a real Redis: install it (Debian: apt-get install redis-server; macOS: brew install redis).',
    );
  }
  return found;
}

function onPath(): RedisBinaries | undefined {
  const where = (name: string) =>
    (process.env.PATH ?? '')
      .split(delimiter)
      .concat('/usr/bin', '/usr/local/bin')
      .map((folder) => join(folder, name))
      .find((path) => existsSync(path));
  const server = where('redis-server');
  const cli = where('redis-cli');
  return server !== undefined && cli !== undefined ? { server, cli, env: process.env } : undefined;
}

const PACKAGES = [
  'redis-server',
  'redis-tools',
  'libjemalloc2',
  'liblzf1',
  'libatomic1',
  'liblua5.1-0',
  'lua-cjson',
  'lua-bitop',
];

function unpacked(): RedisBinaries | undefined {
  const folder = join(tmpdir(), `tmdb-proxy-redis-${process.getuid?.() ?? 0}`);
  const result = (): RedisBinaries => ({
    server: join(folder, 'usr/bin/redis-server'),
    cli: join(folder, 'usr/bin/redis-cli'),
    env: {
      ...process.env,
      LD_LIBRARY_PATH: ['usr/lib', 'lib']
        .flatMap((path) => [join(folder, path), ...architectures(join(folder, path))])
        .join(':'),
    },
  });
  if (existsSync(join(folder, 'usr/bin/redis-server'))) return usable(result());
  if (spawnSync('apt-get', ['--version']).status !== 0) return undefined;
  // Test files run in parallel: each unpacks for itself, the first to finish wins.
  const mine = `${folder}-${process.pid}`;
  mkdirSync(mine, { recursive: true });
  try {
    if (process.getuid?.() === 0) spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore' });
    for (const name of PACKAGES)
      spawnSync('apt-get', ['download', '-qq', name], { cwd: mine, stdio: 'ignore' });
    for (const file of readdirSync(mine).filter((name) => name.endsWith('.deb')))
      execFileSync('dpkg-deb', ['-x', join(mine, file), mine]);
    if (!existsSync(folder)) renameSync(mine, folder);
  } catch {
    return undefined; // the caller says what to install
  } finally {
    rmSync(mine, { recursive: true, force: true });
  }
  return usable(result());
}

function architectures(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('-linux-gnu'))
    .map((name) => join(folder, name));
}

function usable(binaries: RedisBinaries): RedisBinaries | undefined {
  return spawnSync(binaries.server, ['--version'], { env: binaries.env }).status === 0 ? binaries : undefined;
}
