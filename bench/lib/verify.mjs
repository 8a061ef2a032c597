// Whether a target answers with the right bytes, and from its cache. A benchmark of wrong answers is worth nothing.
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { bodyOf } from '../origin/bodies.mjs';
import { ask } from './ask.mjs';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/**
 * What is wrong with an answer; undefined when nothing is.
 * @param {{ status: number, headers: import('node:http').IncomingHttpHeaders, body: Buffer }} answer
 * @param {string} path @param {{ status?: number, coding?: 'gzip' | 'identity' }} expect
 * @returns {string | undefined}
 */
export function faultOf(answer, path, { status = 200, coding }) {
  if (answer.status !== status) return `status ${answer.status} instead of ${status}`;
  const got = answer.headers['content-encoding'] ?? 'identity';
  if (status === 304) return answer.body.length === 0 ? undefined : 'a 304 with a body';
  if (coding !== undefined && got !== coding) return `coding ${got} instead of ${coding}`;
  const body = got === 'gzip' ? gunzipSync(answer.body) : answer.body;
  return sha256(body) === sha256(bodyOf(path)) ? undefined : `another body (${body.length} bytes)`;
}

/**
 * Whether a cache says of itself that this was a hit; undefined when it says nothing.
 * @param {import('node:http').IncomingHttpHeaders} headers
 */
export function saysHit(headers) {
  const status = headers['cache-status'];
  if (typeof status === 'string') return /;\s*hit\b/.test(status);
  const cache = headers['x-cache'];
  if (typeof cache === 'string') return /hit/i.test(cache);
  return undefined;
}

/**
 * Asks until the answer is a hit by its own words, or nothing is said of it: a cache may store after it has answered. 2 s at most.
 * @param {string} url @param {Record<string, string>} [headers]
 * @returns {Promise<{ status: number, headers: import('node:http').IncomingHttpHeaders, body: Buffer }>} the last answer
 */
export async function askUntilHit(url, headers = {}) {
  for (let tries = 0; ; tries += 1) {
    const answer = await ask(url, { headers });
    if (tries > 0 && saysHit(answer.headers) !== false) return answer;
    if (tries === 40) throw new Error(`${url} does not become a hit: ${JSON.stringify(answer.headers)}`);
    await wait(tries === 0 ? 1 : 50);
  }
}

/**
 * Asks for every path and throws unless each answer is right, comes from the cache by its own words if it has any, and
 * the origin was asked no more than before.
 * @param {{ name: string, url: string, expect?: { status?: number, coding?: 'gzip' | 'identity' } }} target
 * @param {readonly string[]} paths @param {(n: number) => Record<string, string>} headersOf the nth path's
 * @param {{ status?: number, coding?: 'gzip' | 'identity' }} expect @param {() => Promise<number>} count the origin's
 * @returns {Promise<string>} the evidence, for the results
 */
export async function verifyHits(target, paths, headersOf, expect, count) {
  const before = await count();
  let said = 0;
  for (const [n, path] of paths.entries()) {
    const answer = await ask(target.url + path, { headers: headersOf(n) });
    const fault = faultOf(answer, path, { ...expect, ...target.expect });
    if (fault !== undefined) throw new Error(`${target.name}: ${path}: ${fault}`);
    const hit = saysHit(answer.headers);
    if (hit === false) throw new Error(`${target.name}: ${path}: no hit: ${JSON.stringify(answer.headers)}`);
    if (hit === true || answer.headers.age !== undefined) said += 1;
  }
  const asked = (await count()) - before;
  if (asked > 0)
    throw new Error(`${target.name}: the origin was asked ${asked} times during ${paths.length} hits`);
  const coding = expect.status === 304 ? 'status 304' : 'sha256 of the body';
  return `${paths.length} × ${coding} right, ${said} said so (Cache-Status, X-Cache or Age), origin asked 0 times`;
}
