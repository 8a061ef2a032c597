// Second half of `npm run build`: the program and its libraries in a few files, dist/main.js and what it imports (dist/part-*.js).
// Reading some 800 small files was half of a start. The modules that tsc writes beside it are for benchmarks, documents and the import check.

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

/** It reads its native addon from its own folder. */
const LEFT_OUT = ['lmdb'];

/** The folder of the package that a module belongs to, and its name; undefined: it is ours. */
const packageOf = (id) => {
  const [folder, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id) ?? [];
  return folder && { folder, name };
};

const libraryOf = (id) => {
  const name = packageOf(id)?.name;
  return name === undefined ? null : `library-${name.replace('/', '-').replace('@', '')}`;
};

/** What the licences of the libraries in the bundle ask for: their names and texts beside it. */
function licences(modules) {
  const folders = new Set(modules.map((id) => packageOf(id)?.folder).filter(Boolean));
  const texts = [...folders].map((folder) => {
    const { name, version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e(?:[.-].*)?$/i.test(entry));
    const by = typeof author === 'object' ? author.name : author;
    const text = file
      ? readFileSync(join(folder, file), 'utf8').trim()
      : `By ${by ?? 'its authors'}; no text in the package.`;
    return `${name} ${version}: ${license}\n\n${text}\n`;
  });
  return `Libraries in dist/main.js and dist/part-*.js\n\n${texts.sort().join(`\n${'-'.repeat(80)}\n\n`)}`;
}

for (const file of readdirSync('dist')) if (/^part-.*\.js$/.test(file)) rmSync(`dist/${file}`);
const bundle = await rolldown({ input: 'src/main.ts', platform: 'node', external: LEFT_OUT });
const { output } = await bundle.write({
  dir: 'dist',
  format: 'esm',
  entryFileNames: 'main.js',
  chunkFileNames: 'part-[name]-[hash].js',
  // A file for each library: what is not used at the start is not read then, and a profile tells whose time it was.
  codeSplitting: { groups: [{ name: libraryOf, debugName: 'libraries' }] },
});
await bundle.close();
writeFileSync('dist/THIRD-PARTY.txt', licences(output.flatMap(({ moduleIds = [] }) => moduleIds)));
