// What the bench's origin answers, computed from the path alone, so that every party can check every byte of every answer.
//   /3/movie/<kB × 10^7 + n>      JSON of that many kB (1 to 214), as TMDB's details
//   /t/p/<size>/x<kB>k<n>.jpg     an image: incompressible
//   /o/<bytes>/<anything>         JSON of that many bytes (at least 64), also for the letter mode
import { crc32, deflateRawSync } from 'node:zlib';
import { seeded } from '../lib/statistics.mjs';

export const KB = 1000;
const ID_STEP = 10_000_000;

/** @param {number} kB @param {number} n from 0 to 10^7 - 1 */
export const jsonPath = (kB, n) => `/3/movie/${kB * ID_STEP + n}`;
/** @param {number} kB @param {number} n */
export const imagePath = (kB, n) => `/t/p/w500/x${kB}k${n}.jpg`;
/** @param {number} bytes @param {string} rest */
export const plainPath = (bytes, rest) => `/o/${bytes}/${rest}`;

/** @typedef {{ type: string, json: boolean, bytes: number, name: string }} Known */

/** @param {string} path without query @returns {Known | undefined} */
function known(path) {
  const movie = /^\/3\/movie\/(\d+)$/.exec(path)?.[1];
  if (movie !== undefined)
    return {
      type: 'application/json;charset=utf-8',
      json: true,
      bytes: Math.floor(Number(movie) / ID_STEP) * KB,
      name: movie,
    };
  const image = /^\/t\/p\/\w+\/x(\d+)k(\d+)\.jpg$/.exec(path);
  if (image !== null)
    return { type: 'image/jpeg', json: false, bytes: Number(image[1]) * KB, name: image[2] };
  const plain = /^\/o\/(\d+)\//.exec(path)?.[1];
  if (plain === undefined) return undefined;
  return {
    type: 'application/json',
    json: true,
    bytes: Number(plain),
    name: String(crc32(path)).padStart(10, '1'),
  };
}

/** @typedef {{ type: string, json: boolean, etag: string, prefix: Buffer, rest: Buffer, key: string }} Answer */

/** @param {string} target path and query @returns {Answer | undefined} undefined: 404 */
export function answerOf(target) {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const what = known(path);
  if (what === undefined || what.bytes < 64) return undefined;
  const prefix = what.json
    ? Buffer.from(`{"id":${what.name},`)
    : Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from(what.name.padStart(8, '0'))]);
  const length = what.bytes - prefix.length;
  const rest = what.json ? jsonRest(length) : noise(length);
  return {
    type: what.type,
    json: what.json,
    etag: `"${what.bytes}-${what.name}"`,
    prefix,
    rest,
    key: `${what.json}${length}`,
  };
}

/** @param {string} target @returns {Buffer} the whole body, not coded */
export function bodyOf(target) {
  const answer = answerOf(target);
  if (answer === undefined) throw new Error(`the origin has no ${target}`);
  return Buffer.concat([answer.prefix, answer.rest]);
}

/** @type {Map<string, Buffer>} */
const coded = new Map();

/**
 * The body in gzip without compressing it anew: a stored block with what is this path's own, then blocks that all bodies of
 * this size share (RFC 1951 section 3.2.4, RFC 1952). Otherwise the origin would be what a benchmark of misses measures.
 * @param {Answer} answer
 */
export function gzipOf({ prefix, rest, key }) {
  let deflated = coded.get(key);
  if (deflated === undefined) {
    deflated = deflateRawSync(rest);
    coded.set(key, deflated);
  }
  const head = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0]);
  head.writeUInt16LE(prefix.length, 11);
  head.writeUInt16LE(~prefix.length & 0xffff, 13);
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(crc32(rest, crc32(prefix)), 0);
  tail.writeUInt32LE(prefix.length + rest.length, 4);
  return Buffer.concat([head, prefix, deflated, tail]);
}

/** @type {Map<string, Buffer>} */
const rests = new Map();

function jsonRest(length) {
  let rest = rests.get(`j${length}`);
  if (rest === undefined) {
    rest = Buffer.from(credits(length), 'latin1');
    rests.set(`j${length}`, rest);
  }
  return rest;
}

/** A list of people as in credits, which compresses to about a third, filled up to the byte. */
function credits(length) {
  const random = seeded(length);
  const word = () =>
    Math.floor(random() * 4000)
      .toString(36)
      .padStart(3, 'e') + 'aeiourlnst'[Math.floor(random() * 10)];
  let text = '"cast":[';
  const end = '0],"end":""}';
  for (;;) {
    const row = `{"adult":false,"id":${Math.floor(random() * 1e6)},"known_for_department":"Acting","name":"${word()} ${word()}","popularity":${(random() * 99).toFixed(3)},"profile_path":"/${word()}${word()}${word()}.jpg","character":"${word()}","order":${Math.floor(random() * 99)}},`;
    if (text.length + row.length + end.length > length) break;
    text += row;
  }
  const filler = length - text.length - end.length;
  if (filler < 0) return `"end":"${'x'.repeat(length - 9)}"}`;
  return `${text}0],"end":"${'x'.repeat(filler)}"}`;
}

/** Repeated after a megabyte, far beyond what gzip looks back. */
const NOISE_BYTES = 1_000_000;

function noise(length) {
  const made = rests.get(`n${length}`);
  if (made !== undefined) return made;
  const some = Buffer.alloc(Math.min(length, NOISE_BYTES));
  const random = seeded(length);
  for (let at = 0; at < some.length; at += 1) some[at] = Math.floor(random() * 256);
  const rest = Buffer.alloc(length, some);
  rests.set(`n${length}`, rest);
  return rest;
}
