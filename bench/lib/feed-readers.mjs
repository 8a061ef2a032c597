// Readers of the scenario `feed`: an open loop, since readers do not wait for each other.
import { Agent } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { ask } from './ask.mjs';

/**
 * @typedef {object} Seen one answer
 * @property {number} id
 * @property {number} askedAt `performance.now()`
 * @property {'hit' | 'stale' | 'miss'} outcome
 * @property {string} body
 */

/**
 * Asks for each path at its time, and waits for the last answer. Rejects when one is not a 200.
 * @param {string} url of the server
 * @param {readonly import('./feed-day.mjs').Read[]} reads by time
 * @param {number} from `performance.now()` of time 0
 * @param {(seen: Seen) => void} told
 */
export async function readOn(url, reads, from, told) {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const going = new Set();
  let failure;
  try {
    for (const { at, id, path } of reads) {
      const early = from + at - performance.now();
      if (early > 1) await wait(early);
      if (failure !== undefined) break;
      const one = readOne(url, agent, { id, path }).then(told, (error) => {
        failure ??= error;
      });
      going.add(one);
      one.finally(() => going.delete(one));
    }
    await Promise.all(going);
  } finally {
    agent.destroy();
  }
  if (failure !== undefined) throw failure;
}

async function readOne(url, agent, { id, path }) {
  const askedAt = performance.now();
  const { status, headers, body } = await ask(url + path, { agent });
  if (status !== 200) throw new Error(`${path}: ${status} ${body.toString().slice(0, 200)}`);
  return { id, askedAt, outcome: outcomeOf(headers), body: body.toString() };
}

function outcomeOf(headers) {
  const said = String(headers['x-cache'] ?? '').toLowerCase();
  if (said.includes('stale')) return 'stale';
  return said.includes('hit') ? 'hit' : 'miss';
}

/** Asks for every path once, 32 at a time. @param {string} url @param {readonly string[]} paths */
export async function readAll(url, paths) {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  let next = 0;
  const reader = async () => {
    while (next < paths.length) await readOne(url, agent, { id: 0, path: paths[next++] });
  };
  try {
    await Promise.all(Array.from({ length: 32 }, reader));
  } finally {
    agent.destroy();
  }
}
