// Runs a program on another Node, which is put into .cache/ first: node scripts/on-node.mjs 24.11.1 file.mjs arguments…
// From the npm registry, which has a package of the bare binary for each platform; no install script is run.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const [version, ...command] = process.argv.slice(2);
const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
const folder = `.cache/node-${version}`;
const binary = `${folder}/node_modules/${name}/bin/node`;
if (!existsSync(binary))
  execFileSync(
    'npm',
    ['install', '--silent', '--no-save', '--ignore-scripts', '--prefix', folder, `${name}@${version}`],
    {
      stdio: 'inherit',
    },
  );
const { status } = spawnSync(binary, command, { stdio: 'inherit' });
process.exit(status ?? 1);
