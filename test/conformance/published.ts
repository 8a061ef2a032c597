import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import published from 'http-cache-tests/results/index.mjs';
import { classify, type Results, type Score, type Suite, score } from './classify.js';

/** One line of a table. */
export interface Row extends Score {
  readonly name: string;
}

const ownRequire = createRequire(import.meta.url);

/** Version of the suite that is run. */
export const SUITE_VERSION = (ownRequire('http-cache-tests/package.json') as { version: string }).version;

/** The best reach in the newest form of the suite (160 required, 105 optimal), as issue 4 gives it. */
export const NEWEST: readonly Row[] = [
  ['Apache Traffic Server', 134, 73] as const,
  ['Apache httpd', 131, 68] as const,
  ['undici', 125, 65] as const,
  ['Squid', 121, 58] as const,
  ['Varnish', 119, 45] as const,
  ['nginx', 100, 58] as const,
].map(([name, required, optimal]) => ({ name, required, optimal, notRun: 0 }));

/** What the package itself brings of other shared caches, classified like ours, best first. */
export function publishedRows(suites: readonly Suite[]): Row[] {
  return published
    .filter(({ type }) => type !== 'browser')
    .map(({ file, name, version }) => {
      const path = ownRequire.resolve(`http-cache-tests/results/${file}`);
      const results = JSON.parse(readFileSync(path, 'utf8')) as Results;
      return { name: `${name} ${version}`, ...score(classify(suites, results)) };
    })
    .sort((a, b) => b.required + b.optimal - a.required - a.optimal);
}
