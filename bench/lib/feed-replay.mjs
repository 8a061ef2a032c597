// One day before one proxy.
import { setTimeout as wait } from 'node:timers/promises';
import { ask } from './ask.mjs';
import { fasterTimes } from './feed-day.mjs';
import { Edits, editShown, patchOf } from './feed-edits.mjs';
import { startFeedOrigin } from './feed-origin.mjs';
import { readAll, readOn } from './feed-readers.mjs';
import { startTarget } from './start.mjs';

/** Minutes of the day between two polls. */
export const INTERVAL = 15;
const HEALTHY_WITHIN_MS = 20_000;
/** Requests for a title until it must show its newest edit: the first sets a refresh off, others may find it under way. */
const PASSES = 5;

/**
 * @typedef {object} Replayed
 * @property {{ outcome: 'hit' | 'stale' | 'miss', old: number }[]} answers of the day; `old` is how many ms before the request the
 *   first edit was made that the answer lacks, 0 when it lacks none
 * @property {{ titles: number, unchanged: number, feed: number, other: number }} asked of the origin, in the day
 */

/**
 * The days before are stored first. The quarter of a day before the day, with readers and edits, is not counted: what was stored
 * at once must not stay fresh at once.
 * @param {import('./feed-day.mjs').Day} day
 * @param {import('./arguments.mjs').Options} options
 * @param {boolean} following whether the product follows the change feed
 * @returns {Promise<Replayed>}
 */
export async function replay(day, options, following) {
  const origin = await startFeedOrigin({ dist: options.dist, titles: day.titles });
  const env = { ...fasterTimes(day.scale), CHANGE_FEED: String(following), LOG_LEVEL: 'warn' };
  const running = await startTarget('product', { origin, options }, { env });
  try {
    if (following) await feedHealthy(running.url);
    await readAll(running.url, day.stored);
    const edits = new Edits();
    const answers = [];
    const from = performance.now();
    const dawn = from + day.preludeMs;
    await Promise.all([
      readOn(running.url, day.reads, from, ({ id, askedAt, outcome, body }) => {
        if (askedAt >= dawn) answers.push({ outcome, old: edits.staleness(id, editShown(body), askedAt) });
      }),
      editOn(origin, day.edits, from, edits),
      wait(day.preludeMs).then(origin.reset),
    ]);
    const asked = await origin.counts();
    if (following) await allShown(running.url, edits, day);
    return { answers, asked };
  } finally {
    await running.stop();
    await origin.stop();
  }
}

async function editOn(origin, list, from, edits) {
  for (const { at, id } of list) {
    const early = from + at - performance.now();
    if (early > 1) await wait(early);
    origin.edit(id, patchOf(edits.made(id, performance.now())));
  }
}

/** Waits until the product says that it follows the feed. */
async function feedHealthy(url) {
  const limit = performance.now() + HEALTHY_WITHIN_MS;
  for (;;) {
    const { body } = await ask(`${url}/stats`);
    const told = JSON.parse(body.toString()).change_feed;
    if (told?.healthy === true) return;
    if (performance.now() > limit) throw new Error(`the change feed is not healthy: ${JSON.stringify(told)}`);
    await wait(50);
  }
}

/**
 * Rejects when a title lacks an edit although three intervals have passed and it is asked for again: what the first request
 * gets may be old, the next one gets what the refresh brought.
 */
async function allShown(url, edits, day) {
  await feedHealthy(url);
  await wait((3 * INTERVAL * 60_000) / day.scale);
  let left = edits.counts();
  for (let pass = 0; left.length > 0 && pass < PASSES; pass += 1) {
    if (pass > 0) await wait(500); // what the pass before has set off comes in
    const lacking = [];
    for (const [id, count] of left) {
      const { body } = await ask(`${url}/3/movie/${id}?language=en-US`);
      if (editShown(body.toString()) < count) lacking.push([id, count]);
    }
    left = lacking;
  }
  if (left.length > 0) throw new Error(`${left.length} titles lack an edit, ${left[0]?.[0]} among them`);
}
