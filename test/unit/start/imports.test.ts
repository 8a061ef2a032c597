import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../../../src', import.meta.url));
/** Imports and re-exports that are there after compilation: not those of types alone, not `import()`. */
const STATIC = /^(?:import|export)\s+(?!type\b)(?:[^;']*?\sfrom\s+)?'([^']+)';/gms;

/** Packages and own files that importing `entry` loads before anything runs. */
function loadedBy(entry: string): { readonly packages: string[]; readonly files: string[] } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string) => {
    if (files.has(file)) return;
    files.add(file);
    for (const [text, target] of readFileSync(file, 'utf8').matchAll(STATIC)) {
      if (isTypeOnly(text)) continue;
      if (target!.startsWith('.')) visit(resolve(dirname(file), target!.replace(/\.js$/, '.ts')));
      else if (!target!.startsWith('node:')) packages.add(target!);
    }
  };
  visit(join(SRC, entry));
  return { packages: [...packages].sort(), files: [...files].map((file) => file.slice(SRC.length + 1)) };
}

/** `import { type A, type B } from` is no import either once compiled, but for its side effects: ours have none. */
function isTypeOnly(statement: string): boolean {
  const names = /\{([^}]*)\}/s.exec(statement)?.[1];
  if (names === undefined || /^(?:import|export)\s+\w+\s*,/.test(statement)) return false;
  const list = names.split(',').map((name) => name.trim());
  return list.every((name) => name === '' || name.startsWith('type '));
}

const MANAGEMENT = ['@hono/node-server', '@hono/zod-openapi', 'hono', 'hono/html', 'zod'];
const REDIS = ['ioredis', 'rate-limiter-flexible'];

describe('a start loads nothing before it is needed', () => {
  it('a worker: neither management, metrics, Redis nor the origin', () => {
    const { packages, files } = loadedBy('worker.ts');
    const late = [
      ...MANAGEMENT,
      ...REDIS,
      'prom-client',
      'yaml',
      'undici',
      'cockatiel',
      'dotenv',
      'commander',
    ];
    expect(packages.filter((name) => late.includes(name) || name.startsWith('undici/'))).toEqual([]);
    const folders = /^(admin\/(routes|answers)|redis|origin|demo|config\/settings)\//;
    expect(files.filter((file) => folders.test(file))).toEqual([]);
    expect(packages).toContain('lmdb');
  });

  it('a core or single process: neither management, metrics nor Redis, and of undici the pool alone', () => {
    const { packages } = loadedBy('serve-command.ts');
    const late = [...MANAGEMENT, ...REDIS, 'prom-client', 'yaml', 'undici'];
    expect(packages.filter((name) => late.includes(name))).toEqual([]);
    expect(packages).toContain('undici/lib/dispatcher/pool.js');
  });

  it('the command line: nothing of the server', () => {
    expect(loadedBy('cli.ts').packages).toEqual(['commander']);
    expect(loadedBy('main.ts').packages).toEqual([]);
  });

  it('and the search for imports finds them', () => {
    expect(loadedBy('admin/app.ts').packages).toContain('@hono/zod-openapi');
    expect(loadedBy('compose-redis.ts').packages).toContain('ioredis');
    expect(loadedBy('compose-bus.ts').packages).toContain('zod');
    expect(loadedBy('config/sources.ts').packages).toContain('dotenv');
  });
});
