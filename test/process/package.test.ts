import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { endWithUs } from '../support/end-with-us.js';
import { get } from '../support/raw-client.js';
import { runCommand } from '../support/run-command.js';

const run = promisify(execFile);
const REPOSITORY = new URL('../..', import.meta.url).pathname;
const { version, dependencies } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
  version: string;
  dependencies: Record<string, string>;
};

/** What npm says when it has no registry to ask. */
const NO_REGISTRY =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTCACHED|network|\b(?:403|404|50\d)\b/;

let folder: string;
let files: string[];
let program: string;
/** How it came there; printed, so that nobody takes one way for the other. */
let how: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-package-'));
  // Not `prepack`: it would build under the feet of other tests.
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: REPOSITORY,
  });
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  files = packed.files.map(({ path }) => path);
  const tarball = join(folder, packed.filename);
  how = await installed(tarball);
  console.log(`installed ${how}`);
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As `npm i -g` does it; where there is no registry, unpacked beside the libraries of this clone. */
async function installed(tarball: string): Promise<string> {
  const prefix = join(folder, 'global');
  program = join(prefix, 'bin', 'tmdb-cache-proxy');
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--fetch-retries=1'];
  try {
    await run('npm', ['install', '-g', '--prefix', prefix, ...options, tarball], {
      cwd: folder,
      timeout: 120_000,
    });
    return 'by npm i -g';
  } catch (thrown) {
    const { stderr = '', killed } = thrown as { stderr?: string; killed?: boolean };
    if (killed !== true && !NO_REGISTRY.test(stderr)) throw thrown;
    await unpacked(tarball, prefix);
    return 'by hand, without a registry';
  }
}

async function unpacked(tarball: string, prefix: string): Promise<void> {
  rmSync(prefix, { recursive: true, force: true });
  const home = join(prefix, 'lib', 'tmdb-cache-proxy');
  mkdirSync(home, { recursive: true });
  mkdirSync(join(prefix, 'bin'));
  await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', home]);
  symlinkSync(join(REPOSITORY, 'node_modules'), join(home, 'node_modules'));
  symlinkSync(join(home, 'dist', 'main.js'), program);
}

describe('the packed tarball', () => {
  it('holds what runs, its licences and its documents, and nothing else', () => {
    const others = files.filter((path) => !/^dist\/part-[\w.-]+\.js$/.test(path));
    expect(others.toSorted()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist/THIRD-PARTY.txt',
      'dist/dashboard-client/client.css',
      'dist/dashboard-client/client.js',
      'dist/dashboard-client/icon.svg',
      'dist/main.js',
      'package.json',
    ]);
    const parts = readdirSync(join(REPOSITORY, 'dist')).filter((file) => /^part-.*\.js$/.test(file));
    expect(files.length - others.length).toBe(parts.length);
  });

  it('imports nothing that is not in its dependencies, nor in Node', () => {
    const imported = new Set<string>();
    // As the bundler prints them; types in comments have other quotes.
    const statement = /^(?:import|export)\b[^;"]*"([^"\n]+)";|\bimport\("([^"\n]+)"\)/gm;
    for (const file of files.filter((path) => path.endsWith('.js')))
      for (const [, fixed, later] of readFileSync(join(REPOSITORY, file), 'utf8').matchAll(statement))
        imported.add((fixed ?? later)!);
    const packages = [...imported].filter((name) => !name.startsWith('.') && !isBuiltin(name));
    expect(packages).toContain('lmdb');
    expect(packages.filter((name) => !(name in dependencies))).toEqual([]);
  });

  it('holds no library that is a dependency of development alone', () => {
    const lock = JSON.parse(readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: true }>;
    };
    const bundled = readFileSync(join(REPOSITORY, 'dist/THIRD-PARTY.txt'), 'utf8').matchAll(
      /(?:^|\n-{80}\n\n)(?:Libraries in .*\n\n)?(\S+) \S+: .+\n/g,
    );
    const names = [...bundled].map(([, name]) => name!);
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => lock.packages[`node_modules/${name}`]?.dev === true)).toEqual([]);
  });
});

describe('the program that it installs', () => {
  const env = () => ({ HOME: folder, HOST: '127.0.0.1' });

  it('is on the PATH and tells its version', async () => {
    expect(existsSync(program)).toBe(true);
    const { code, stdout, stderr } = await runCommand(['--version'], {
      program: [program],
      cwd: folder,
      env: env(),
    });
    expect([code, stdout, stderr]).toEqual([0, `${version}\n`, '']);
  });

  it('serves the demo, and check finds nothing wrong in front of the same origin', async () => {
    const demo = spawn(program, ['demo'], {
      cwd: folder,
      env: { ...env(), PATH: process.env.PATH, PORT: '0', WORKERS: '2' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    endWithUs(demo);
    const ended = new Promise<number | null>((resolve) => demo.once('exit', resolve));
    let text = '';
    demo.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    await expect.poll(() => text, { timeout: 20_000 }).toMatch(/^Proxy\s+http/m);
    const [, origin] = /^Sample TMDB\s+(\S+)/m.exec(text)!;
    const [, proxy] = /^Proxy\s+(\S+)/m.exec(text)!;
    const movie = () => get(`${proxy}/3/movie/550`);
    expect((await movie()).status).toBe(200);
    await expect.poll(async () => (await movie()).headers['x-cache']).toBe('HIT');
    const stats = await runCommand(['stats', '--json', '--url', proxy!], { program: [program], cwd: folder });
    expect(JSON.parse(stats.stdout)).toMatchObject({ health: { status: 'healthy' }, stats: { workers: 2 } });
    const data = mkdtempSync(join(folder, 'check-'));
    onTestFinished(() => rmSync(data, { recursive: true, force: true }));
    const check = await runCommand(['check', '--json'], {
      program: [program],
      cwd: data,
      env: {
        ...env(),
        ...{ TMDB_API_URLS: origin!, TMDB_IMAGE_URLS: origin!, TMDB_API_KEY: 'demo', PORT: '0' },
        ...{ USE_REDIS: 'false', CACHE_DIR: data },
      },
    });
    expect([check.code, check.stderr], check.stdout).toEqual([0, '']);
    demo.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});
