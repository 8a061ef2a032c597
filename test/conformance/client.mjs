// The suite's client, once: `node test/conformance/client.mjs http://host:port [test id …]` prints what came of each test as JSON,
// `{ results, statuses }`. The suite keeps its results in module state and writes into its tests, so each run is a process.
import { createRequire } from 'node:module';
import { getResults, runTests } from 'http-cache-tests/client/runner.mjs';
import suites from 'http-cache-tests/tests/index.mjs';

/** ms; an answer that never comes fails its test instead of holding up all the others. */
const REQUEST_TIMEOUT = 20_000;

// The suite's own client library, not one that happens to be installed beside it.
const ownRequire = createRequire(createRequire(import.meta.url).resolve('http-cache-tests/package.json'));
const nodeFetch = ownRequire('node-fetch');

const [base, ...ids] = process.argv.slice(2);
const wanted = new Set(ids);
const chosen = suites.map((suite) => ({
  ...suite,
  tests: suite.tests.filter(({ id }) => wanted.size === 0 || wanted.has(id)),
}));

/** Statuses of the answers to each test's requests, in order. */
const statuses = {};
async function fetch(url, init) {
  const response = await nodeFetch(url, { ...init, timeout: REQUEST_TIMEOUT });
  const [, id] = init?.headers?.find(([name]) => name === 'Test-ID') ?? [];
  if (id !== undefined) statuses[id] = [...(statuses[id] ?? []), response.status];
  return response;
}

await runTests(chosen, fetch, false, base);
console.log(JSON.stringify({ results: getResults(), statuses }));
