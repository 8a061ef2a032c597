// npm run bench:report [-- --check]: prints bench/results into the documents, or says which of them are out of date.
// Goals are judged anew by the rounds in bench/results. Both warn of results that are older than src.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { changedSince } from './lib/changes.mjs';
import { withTables } from './lib/document.mjs';
import { judgeAll } from './lib/goals.mjs';
import { scenarios } from './scenarios/index.mjs';

const check = process.argv.includes('--check');
const DOCUMENTS = ['README.md', 'docs/performance.md', 'docs/change-feed.md'];
const at = (path) => new URL(`../${path}`, import.meta.url);

const results = new Map();
for (const { name, goals } of scenarios) {
  const path = `bench/results/${name}.json`;
  if (!existsSync(at(path))) continue;
  const result = JSON.parse(readFileSync(at(path), 'utf8'));
  results.set(name, { ...result, goals: judgeAll(goals, result) });
  // Not in the documents, which would be out of date with every commit.
  const changed = changedSince(result.machine.commit);
  if (changed !== undefined) console.warn(`${path}: ${changed}`);
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
