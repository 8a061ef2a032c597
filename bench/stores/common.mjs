import { statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Headers as TMDB sends them, about 600 bytes. */
const HEADERS = [
  ['Content-Type', 'application/json;charset=utf-8'],
  ['Cache-Control', 'public, max-age=21600'],
  ['ETag', 'W/"0123456789abcdef0123456789abcdef"'],
  ['Vary', 'accept-encoding'],
  ['Date', 'Thu, 01 Jan 2026 00:00:00 GMT'],
  ['Server', 'openresty'],
  ['X-Memc', 'HIT'],
  ['X-Memc-Key', '0123456789abcdef0123456789abcdef'],
  ['X-Memc-Age', '4711'],
  ['X-Memc-Expires', '1234'],
  ['X-Cache', 'Hit from cloudfront'],
  ['Via', '1.1 0123456789abcdef0123456789abcdef.cloudfront.net (CloudFront)'],
  ['X-Amz-Cf-Pop', 'FRA56-P1'],
  ['Alt-Svc', 'h3=":443"; ma=86400'],
  ['X-Amz-Cf-Id', '0123456789abcdef0123456789abcdef0123456789abcdef=='],
].flat();

export function entryOf(key, length, fill = key) {
  return {
    key,
    primaryKey: key,
    status: 200,
    statusText: 'OK',
    headers: HEADERS,
    coding: 'gzip',
    recoded: true,
    class: 'detail',
    tags: ['movie:550'],
    stamp: 1,
    storedAt: Date.now(),
    ageAtStore: 0,
    lifetime: 21_600_000,
    memoryFor: 900_000,
    staleWhileRevalidate: 3_600_000,
    staleIfError: 604_800_000,
    vary: [],
    marker: false,
    body: Buffer.alloc(length, fill),
  };
}

/** Median of five rounds, µs a call. */
export function micros(runs, task) {
  const rounds = [];
  for (let round = 0; round < 6; round += 1) {
    const start = performance.now();
    for (let i = 0; i < runs; i += 1) task(i);
    if (round > 0) rounds.push(((performance.now() - start) / runs) * 1000);
  }
  rounds.sort((a, b) => a - b);
  return rounds[2].toFixed(2);
}

/** Bytes of blocks that everything below a directory takes. */
export async function physical(directory) {
  let bytes = 0;
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    // Files come and go while this looks.
    const stat = statSync(join(entry.parentPath ?? entry.path, entry.name), { throwIfNoEntry: false });
    bytes += (stat?.blocks ?? 0) * 512;
  }
  return bytes;
}

export function print(rows) {
  const columns = Object.keys(rows[0]);
  console.log(`| ${columns.join(' | ')} |\n|${columns.map(() => '---').join('|')}|`);
  for (const row of rows) console.log(`| ${columns.map((column) => row[column]).join(' | ')} |`);
}
