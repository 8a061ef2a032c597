// What the image holds beside Node, into a folder: node scripts/image.mjs TARGET. After a build; needs npm, and no library.
//   TARGET/program       the files of the npm package
//   TARGET/node_modules  what the bundle leaves out, with what that needs, and of these packages only what Node can load

import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LEFT_OUT } from './left-out.mjs';

/** Needed to compile what comes compiled. */
const TO_COMPILE = ['node-addon-api'];

const target = process.argv[2];
if (target === undefined) throw new Error('node scripts/image.mjs TARGET');

const manifest = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}

/** Where Node finds a package from within a folder; undefined: nowhere. */
function find(name, folder) {
  const path = join(folder, 'node_modules', name);
  if (existsSync(path)) return path;
  return folder === '.' ? undefined : find(name, dirname(folder));
}

/** Folders of these packages and of all they need. npm has left out what is for other platforms. */
function closure(names) {
  const folders = new Set();
  const visit = (name, from, optional) => {
    const folder = find(name, from);
    if (folder === undefined && !optional) throw new Error(`${name}, needed by ${from}, is not installed`);
    if (folder === undefined || folders.has(folder)) return;
    folders.add(folder);
    const { dependencies = {}, optionalDependencies = {} } = manifest(folder);
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies }))
      if (!TO_COMPILE.includes(needed)) visit(needed, folder, needed in optionalDependencies);
  };
  for (const name of names) visit(name, '.', false);
  return [...folders];
}

/**
 * JavaScript, JSON and licences; of the native builds, each of some MB, the one for the C library of the image that every Node
 * can load (Node-API). Sources, types, maps, tests and what was packed by mistake stay behind.
 */
function isUsed(file) {
  if (/(?:^|\/)(?:\.[^/]*|bin|tests?)\//.test(file)) return false;
  if (file.endsWith('.node')) return /\bnapi\b/.test(file) && !/\bmusl\b/.test(file);
  return /\.(?:[cm]?js|json)$|(?:^|\/)licen[cs]e[^/]*$/i.test(file);
}

const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' });
for (const { path } of Object.values(JSON.parse(packed))[0].files) copy(path, join(target, 'program', path));
for (const bin of Object.values(manifest('.').bin)) chmodSync(join(target, 'program', bin), 0o755);

for (const folder of closure(LEFT_OUT))
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const within = path.slice(folder.length + 1);
    // What lies nested is a package of its own.
    if (!entry.isFile() || within.startsWith('node_modules/') || !isUsed(within)) continue;
    copy(path, join(target, path));
  }
