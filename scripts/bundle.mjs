// Second half of `npm run build`: the program and its libraries in a few files, dist/main.js and what it imports (dist/part-*.js).
// Reading some 800 small files was half of a start. The modules that tsc writes beside it are for benchmarks, documents and the import check.

import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { LEFT_OUT } from './left-out.mjs';

/** What `debug` (of ioredis) tries to have; tools for development bring it, and an installation does not. */
const OPTIONAL = ['supports-color'];

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
  return `Libraries in dist/main.js, dist/part-*.js and dist/dashboard-client\n\n${texts.sort().join(`\n${'-'.repeat(80)}\n\n`)}`;
}

/** The dashboard's page: one script, one style sheet, an icon. Their names get a hash where they are served. */
async function bundleClient() {
  const source = 'src/dashboard/client';
  const dir = 'dist/dashboard-client';
  rmSync(dir, { recursive: true, force: true });
  const bundle = await rolldown({
    input: { client: `${source}/main.ts` },
    platform: 'browser',
    tsconfig: `${source}/tsconfig.json`,
  });
  const { output } = await bundle.write({ dir, format: 'esm', entryFileNames: '[name].js', minify: true });
  await bundle.close();
  const own = readdirSync(`${source}/style`).sort();
  const styles = ['node_modules/uplot/dist/uPlot.min.css', ...own.map((file) => `${source}/style/${file}`)];
  writeFileSync(`${dir}/client.css`, styles.map((file) => readFileSync(file, 'utf8')).join('\n'));
  copyFileSync(`${source}/icon.svg`, `${dir}/icon.svg`);
  return output.flatMap(({ moduleIds = [] }) => moduleIds);
}

for (const file of readdirSync('dist')) if (/^part-.*\.js$/.test(file)) rmSync(`dist/${file}`);
const bundle = await rolldown({
  input: 'src/main.ts',
  platform: 'node',
  external: [...LEFT_OUT, ...OPTIONAL],
});
const { output } = await bundle.write({
  dir: 'dist',
  format: 'esm',
  entryFileNames: 'main.js',
  chunkFileNames: 'part-[name]-[hash].js',
  // A file for each library: what is not used at the start is not read then, and a profile tells whose time it was.
  codeSplitting: { groups: [{ name: libraryOf, debugName: 'libraries' }] },
});
await bundle.close();
const served = output.flatMap(({ moduleIds = [] }) => moduleIds);
writeFileSync('dist/THIRD-PARTY.txt', licences([...served, ...(await bundleClient())]));
