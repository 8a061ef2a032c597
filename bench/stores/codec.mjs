// What the codec costs. Run: npm run build && node bench/stores/codec.mjs
import { crc32 } from 'node:zlib';
import xxhash from 'xxhash-wasm';
import { decodeEntry, decodeHead, encodeEntry, encodeHead } from '../../dist/tiers/codec.js';
import { entryOf, micros, print } from './common.mjs';

const xx = await xxhash();
const rows = [];
for (const [name, length] of [
  ['1 kB', 1000],
  ['10 kB', 10_240],
  ['200 kB', 204_800],
  ['5 MB', 5 * 1024 * 1024],
]) {
  const entry = entryOf(`v1:api:/3/movie/${length}?language=de`, length);
  const whole = encodeEntry(entry);
  const head = encodeHead(entry);
  const runs = length > 1e6 ? 100 : 5000;
  rows.push({
    body: name,
    'head bytes': head.length,
    'encodeHead µs': micros(runs, () => encodeHead(entry)),
    'encodeEntry µs': micros(runs, () => encodeEntry(entry)),
    'decodeHead µs': micros(runs, () => decodeHead(head)),
    'decodeEntry µs': micros(runs, () => decodeEntry(whole)),
    'crc32 µs': micros(runs, () => crc32(entry.body)),
    'xxhash64 µs': micros(runs, () => xx.h64Raw(entry.body)),
  });
}
print(rows);
