import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

interface Locked {
  readonly version: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
}

interface Component {
  readonly name: string;
  readonly version: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses?: readonly { readonly license: { readonly id: string } }[];
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  allowScripts: Record<string, boolean>;
};
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Locked> };
const packages = Object.entries(lock.packages)
  .filter(([path]) => path !== '')
  .map(([path, locked]) => ({ name: path.replace(/^.*node_modules\//, ''), ...locked }));
const installed = packages.filter(({ dev }) => dev !== true);

/** Whoever installs this may use, change and pass on what comes with it. */
const PERMISSIVE = ['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', '0BSD'];

describe('what is installed', () => {
  it('is named by exact versions, each with the hash of its bytes', () => {
    const wanted = { ...manifest.dependencies, ...manifest.devDependencies };
    expect(Object.entries(wanted).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    for (const [name, version] of Object.entries(wanted))
      expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
    expect(packages.length).toBeGreaterThan(200);
    expect(packages.filter(({ integrity }) => integrity?.startsWith('sha512-') !== true)).toEqual([]);
  });

  it('runs no script of its own while it is installed, and needs none', () => {
    const scripted = packages.filter(({ hasInstallScript }) => hasInstallScript === true);
    expect(Object.entries(manifest.allowScripts).filter(([, allowed]) => allowed)).toEqual([]);
    expect(scripted.map(({ name }) => name).filter((name) => !(name in manifest.allowScripts))).toEqual([]);
    // That it runs without them is shown by test/process/package.test.ts, which installs with --ignore-scripts.
    expect(readFileSync('Dockerfile', 'utf8')).toContain('npm ci --ignore-scripts');
  });

  it('has licences that ask for no more than to be named', () => {
    expect(installed.filter(({ license = 'none' }) => !PERMISSIVE.includes(license))).toEqual([]);
  });
});

describe('npm run sbom', () => {
  it('lists what an installation brings along, with hashes and licences, and is the same for the same lock file', async () => {
    const print = () => promisify(execFile)(process.execPath, ['scripts/sbom.mjs'], { maxBuffer: 2 ** 26 });
    const { stdout } = await print();
    const bom = JSON.parse(stdout) as {
      bomFormat: string;
      metadata: { component: Component };
      components: Component[];
    };
    expect([bom.bomFormat, bom.metadata.component.name]).toEqual(['CycloneDX', 'tmdb-cache-proxy']);
    const listed = bom.components.map(({ name, version, hashes, licenses }) => [
      `${name}@${version}`,
      hashes?.map(({ alg, content }) => `${alg} ${content}`).join(),
      licenses?.map(({ license }) => license.id).join(),
    ]);
    const locked = installed.map(({ name, version, integrity, license }) => [
      `${name}@${version}`,
      `SHA-512 ${Buffer.from(integrity!.replace('sha512-', ''), 'base64').toString('hex')}`,
      license,
    ]);
    const sorted = (rows: readonly (readonly (string | undefined)[])[]) =>
      [...new Set(rows.map((row) => row.join(' ')))].sort();
    expect(sorted(listed)).toEqual(sorted(locked));
    expect((await print()).stdout).toBe(stdout);
  }, 60_000);
});
