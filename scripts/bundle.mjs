// Second half of `npm run build`: the program and its libraries in a few files, dist/main.js and what it imports (dist/part-*.js).
// Reading some 800 small files was half of a start. The modules that tsc writes beside it are for benchmarks, documents and the import check.

import { readdirSync, rmSync } from 'node:fs';
import { rolldown } from 'rolldown';

/** It reads its native addon from its own folder. */
const LEFT_OUT = ['lmdb'];

const libraryOf = (id) => {
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id) ?? [];
  return name === undefined ? null : `library-${name.replace('/', '-').replace('@', '')}`;
};

for (const file of readdirSync('dist')) if (/^part-.*\.js$/.test(file)) rmSync(`dist/${file}`);
const bundle = await rolldown({ input: 'src/main.ts', platform: 'node', external: LEFT_OUT });
await bundle.write({
  dir: 'dist',
  format: 'esm',
  entryFileNames: 'main.js',
  chunkFileNames: 'part-[name]-[hash].js',
  // A file for each library: what is not used at the start is not read then, and a profile tells whose time it was.
  codeSplitting: { groups: [{ name: libraryOf, debugName: 'libraries' }] },
});
await bundle.close();
