// npm run bench:report [-- --check]: prints bench/results into the documents, or says which of them are out of date.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { withTables } from './lib/document.mjs';
import { scenarios } from './scenarios/index.mjs';

const check = process.argv.includes('--check');
const DOCUMENTS = ['README.md', 'docs/performance.md'];
const at = (path) => new URL(`../${path}`, import.meta.url);

const results = new Map();
for (const { name } of scenarios) {
  const file = at(`bench/results/${name}.json`);
  if (existsSync(file)) results.set(name, JSON.parse(readFileSync(file, 'utf8')));
}
for (const path of DOCUMENTS) {
  const before = readFileSync(at(path), 'utf8');
  const after = withTables(before, results);
  if (after === before) continue;
  if (check) {
    console.error(`${path} is not what bench/results says: npm run bench:report`);
    process.exitCode = 1;
  } else {
    writeFileSync(at(path), after);
    console.log(`printed into ${path}`);
  }
}
