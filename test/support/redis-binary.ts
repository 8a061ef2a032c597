import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { architectures, unpacked } from './debian.js';

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
  found ??= onPath() ?? fromDebian();
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

function fromDebian(): RedisBinaries | undefined {
  const folder = unpacked('redis', PACKAGES, 'usr/bin/redis-server');
  if (folder === undefined) return undefined;
  const libraries = ['usr/lib', 'lib'].map((path) => join(folder, path));
  return usable({
    server: join(folder, 'usr/bin/redis-server'),
    cli: join(folder, 'usr/bin/redis-cli'),
    env: {
      ...process.env,
      LD_LIBRARY_PATH: libraries.flatMap((path) => [path, ...architectures(path)]).join(':'),
    },
  });
}

function usable(binaries: RedisBinaries): RedisBinaries | undefined {
  return spawnSync(binaries.server, ['--version'], { env: binaries.env }).status === 0 ? binaries : undefined;
}
