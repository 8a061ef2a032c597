import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../../src/cli/exit-status.js';
import { SETTINGS } from '../../../src/config/settings/index.js';
import { pairs, REPOSITORY } from '../../support/dockerfile.js';

const text = readFileSync(`${REPOSITORY}deploy/systemd/tmdb-cache-proxy.service`, 'utf8');
const manifest = JSON.parse(readFileSync(`${REPOSITORY}package.json`, 'utf8')) as {
  bin: Record<string, string>;
  version: string;
};

/** All values of a key, in the order of the file. */
const valuesOf = (key: string) =>
  [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => value!);
const only = (key: string) => {
  const [value, ...more] = valuesOf(key);
  expect(more, key).toEqual([]);
  return value!;
};

describe('deploy/systemd/tmdb-cache-proxy.service', () => {
  it('runs the command of the package, where npm puts it', () => {
    const [command, ...args] = only('ExecStart').split(' ');
    expect(Object.keys(manifest.bin).map((name) => `/usr/local/bin/${name}`)).toEqual([command]);
    expect(args).toEqual(['serve']);
    expect(text).toContain(`tmdb-cache-proxy-${manifest.version}.tgz`);
  });

  it('sets only variables that the program knows, and keeps the store in a folder of its own', () => {
    const { NODE_ENV, ...env } = pairs(only('Environment'));
    expect(NODE_ENV).toBe('production');
    expect(Object.keys(env).filter((name) => !Object.hasOwn(SETTINGS, name))).toEqual([]);
    expect(env).toEqual({ CACHE_DIR: `%C/${only('CacheDirectory')}` });
    expect(only('WorkingDirectory')).toBe(env.CACHE_DIR);
  });

  it('tells the program alone to stop, and waits longer than it takes at most', () => {
    const { SHUTDOWN_DELAY, SHUTDOWN_TIMEOUT } = SETTINGS;
    expect(only('KillMode')).toBe('mixed');
    // 10 s: serve-command.ts gives up then.
    expect(Number(only('TimeoutStopSec'))).toBeGreaterThan(
      Number(SHUTDOWN_DELAY.default) + Number(SHUTDOWN_TIMEOUT.default) + 10,
    );
  });

  it('does not start again what has a wrong configuration', () => {
    expect(only('RestartPreventExitStatus')).toBe(String(EXIT.configuration));
  });
});

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

describe.runIf(hasSystemd)('deploy/systemd/tmdb-cache-proxy.service, by systemd-analyze', () => {
  /** What the tool says about the unit with a command that is there. */
  const analyze = (unit: string, ...args: string[]) => {
    const folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-unit-'));
    const path = join(folder, 'tmdb-cache-proxy.service');
    writeFileSync(path, unit.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`));
    const { status, stdout, stderr } = spawnSync('systemd-analyze', [...args, path], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    return { status, output: stdout + stderr };
  };

  it('has no key or value that systemd does not know', () => {
    expect(analyze(text, 'verify')).toEqual({ status: 0, output: '' });
    expect(analyze(text.replace('ProtectHome=', 'ProtectHom='), 'verify').output).toContain('ProtectHom');
  });

  it('leaves little to be exposed: below 1.5 of 10', () => {
    expect(analyze(text, 'security', '--offline=true', '--threshold=15').status).toBe(0);
    expect(
      analyze(text.replace(/^Protect.*$/gm, ''), 'security', '--offline=true', '--threshold=15').status,
    ).not.toBe(0);
  });
});
