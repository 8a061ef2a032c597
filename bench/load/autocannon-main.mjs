// Run by autocannon.mjs: a file of settings as JSON in the first argument, a LoadResult on standard output.
import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';

const { url, paths, made, headers, clients, connections, seconds } = JSON.parse(
  readFileSync(process.argv[2], 'utf8'),
);
let n = made?.first ?? 0;
let turn = 0;
const requests = made
  ? [{ setupRequest: (request) => ({ ...request, path: made.template.replace('%d', String(nextOf())) }) }]
  : clients
    ? [{ setupRequest: (request) => ({ ...request, ...ofNextClient() }) }]
    : paths.map((path) => ({ path }));

function ofNextClient() {
  const at = turn++;
  return { path: paths[at % paths.length], headers: { ...headers, ...clients[at % clients.length] } };
}

function nextOf() {
  return made.below === undefined ? n++ : made.first + Math.floor(Math.random() * made.below);
}

const result = await autocannon({ url, connections, duration: seconds, headers, requests, timeout: 30 });
process.stdout.write(
  JSON.stringify({
    tool: 'autocannon',
    requests: result.requests.total,
    micros: result.duration * 1e6,
    bad: result['4xx'] + result['5xx'],
    failed: result.errors + result.timeouts,
    p50: result.latency.p50 * 1000,
    p99: result.latency.p99 * 1000,
    p999: result.latency.p99_9 * 1000,
  }),
);
