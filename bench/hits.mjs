// Warm hits (10 kB-class JSON) of the built proxy beside a bare node:http server that sends the same bytes: interleaved
// rounds, medians, and that every answer really was a hit. Usage: npm run build && node bench/hits.mjs [rounds] [seconds]
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { startSampleOrigin } from '../dist/demo/index.js';

const rounds = Number(process.argv[2] ?? 5);
const seconds = Number(process.argv[3] ?? 3);
const PATH = '/3/movie/550?language=en-US';

const origin = await startSampleOrigin({});
const directory = mkdtempSync(join(tmpdir(), 'bench-hits-'));
const proxy = spawn(process.execPath, ['dist/main.js'], {
  env: {
    ...process.env,
    PORT: '0',
    HOST: '127.0.0.1',
    WORKERS: '1',
    USE_REDIS: 'false',
    CHANGE_FEED: 'false',
    CACHE_DIR: directory,
    TMDB_API_KEY: 'bench',
    TMDB_API_URLS: origin.url,
    TMDB_IMAGE_URLS: origin.url,
  },
  stdio: ['ignore', 'pipe', 'ignore'],
});
const proxyUrl = await new Promise((found) => {
  let text = '';
  const look = (chunk) => {
    text += chunk;
    const address = /"main":"(http:[^"]+)"/.exec(text)?.[1];
    if (address === undefined) return;
    proxy.stdout.off('data', look);
    proxy.stdout.resume();
    found(address);
  };
  proxy.stdout.on('data', look);
});

await (await fetch(proxyUrl + PATH)).arrayBuffer();
const warm = await fetch(proxyUrl + PATH);
const body = Buffer.from(await warm.arrayBuffer());
if (warm.headers.get('x-cache') !== 'HIT') throw new Error('the second request was no hit');
const bare = createServer((_, response) => {
  response.writeHead(200, ['Content-Type', 'application/json', 'Content-Length', String(body.length)]);
  response.end(body);
});
await new Promise((ready) => bare.listen(0, '127.0.0.1', ready));

const targets = { proxy: proxyUrl + PATH, 'node:http': `http://127.0.0.1:${bare.address().port}/` };
const rates = { proxy: [], 'node:http': [] };
for (let round = 0; round < rounds; round++) {
  for (const [name, url] of Object.entries(targets)) {
    const result = await autocannon({ url, connections: 32, duration: seconds });
    if (result.non2xx > 0 || result.errors > 0) throw new Error(`${name}: ${result.non2xx} bad answers`);
    rates[name].push(result.requests.average);
  }
}
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
console.log('target      requests/s (median)');
for (const [name, values] of Object.entries(rates))
  console.log(`${name.padEnd(12)}${Math.round(median(values))}`);
console.log(
  `ratio       ${(median(rates.proxy) / median(rates['node:http'])).toFixed(2)} (${body.length} bytes, 1 worker, access log on)`,
);

proxy.kill('SIGTERM');
bare.close();
await origin.close();
rmSync(directory, { recursive: true, force: true });
