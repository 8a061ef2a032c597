// Bytes a record costs beside its text and body, and what a look-up costs. Run: npm run build && node bench/stores/memory.mjs

import { spawnSync } from 'node:child_process';
import { decodeEntry, encodeEntry } from '../../dist/tiers/codec.js';
import { compact } from '../../dist/tiers/compact.js';
import { MemoryTier, RECORD_OVERHEAD } from '../../dist/tiers/memory.js';
import { entryOf, micros, print } from './common.mjs';

const COUNT = 20_000;

/** How entries come about: from a store, from a fill (its body joined of two chunks). */
const SOURCES = {
  store: (entry) => decodeEntry(encodeEntry(entry)).value,
  fill: ({ body, ...head }) => {
    const half = body.length / 2;
    return { ...head, body: Buffer.concat([body.subarray(0, half), body.subarray(half)]) };
  },
};

/** Fields as TMDB sends them: twelve, of which four differ from entry to entry. */
function fieldsOf(number) {
  const id = (0x10000000 + number).toString(16).padEnd(32, '0123456789abcdef');
  return [
    ...['Content-Type', 'application/json;charset=utf-8', 'Cache-Control', 'public, max-age=21600'],
    ...['ETag', `W/"${id}"`, 'Vary', 'accept-encoding', 'Date', 'Thu, 01 Jan 2026 00:00:00 GMT'],
    ...['Server', 'openresty', 'x-memc-key', id, 'x-memc-age', String(number % 7200)],
    ...['X-Cache', 'Hit from cloudfront', 'Via', `1.1 ${id}.cloudfront.net (CloudFront)`],
    ...['X-Amz-Cf-Pop', 'FRA56-P1', 'Alt-Svc', 'h3=":443"; ma=86400'],
  ].map((text) => Buffer.from(text).toString()); // as from a socket: no string is shared
}

const keyOf = (number) => `v1:api:/3/movie/${number}?language=de`;

function textBytes({ key, headers, tags }) {
  return [key, ...headers, ...tags].reduce((sum, text) => sum + text.length, 0);
}

/** Heap and buffers once garbage is gone; what buffers held is given back a little later than they. */
async function usedBytes() {
  for (let i = 0; i < 3; i += 1) {
    globalThis.gc();
    await new Promise((done) => setTimeout(done, 50));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function run(source, how, length) {
  const tier = new MemoryTier({ maxBytes: 4 * 1024 ** 3 });
  const shaped = how === 'compact' ? compact : (entry) => entry;
  const before = await usedBytes();
  let plain = 0;
  for (let i = 0; i < COUNT; i += 1) {
    const made = { ...entryOf(keyOf(i), length), headers: fieldsOf(i), tags: [`movie:${i}`] };
    const entry = shaped(SOURCES[source](made));
    plain += textBytes(entry) + length;
    tier.setNow(entry);
  }
  const used = ((await usedBytes()) - before) / COUNT;
  const charged = tier.stats().bytes / COUNT;
  return {
    from: source,
    as: how,
    'body bytes': length,
    'used bytes': used.toFixed(0),
    'beside key, fields, tags and body': (used - plain / COUNT).toFixed(0),
    'charged bytes': charged.toFixed(0),
    'RECORD_OVERHEAD that would be exact': (used - charged + RECORD_OVERHEAD).toFixed(0),
    'getNow µs': micros(COUNT, (i) => tier.getNow(keyOf(i))),
  };
}

/** A process each: what one run leaves behind must not count for the next. */
const [source, how, length] = process.argv.slice(2);
if (source !== undefined) {
  console.log(JSON.stringify(await run(source, how, Number(length))));
} else {
  const cases = Object.keys(SOURCES).flatMap((from) =>
    ['as it comes', 'compact'].flatMap((as) => [2000, 10_000, 30_000].map((bytes) => [from, as, bytes])),
  );
  print(
    cases.map(([from, as, bytes]) => {
      const flags = ['--expose-gc', process.argv[1], from, as, String(bytes)];
      return JSON.parse(spawnSync(process.execPath, flags, { encoding: 'utf8' }).stdout);
    }),
  );
}
