// The day that the scenario `feed` replays: what is read when, and what is edited when. The same on every run.
import { seeded } from './statistics.mjs';
import { zipf } from './trace.mjs';

/** Of a day in 144 s; a shorter one has proportionally fewer of everything but reads a second. */
const WHOLE = { seconds: 144, titles: 20_000, edits: 4_000 };
const READS_PER_SECOND = 300;
/** Of Zipf's law. What is read much is edited more often than other titles, but not by as much. */
const READ_EXPONENT = 0.9;
const EDIT_EXPONENT = 0.5;
/** Language and share of its readers. */
const LANGUAGES = [
  ['en-US', 0.6],
  ['de-DE', 0.25],
  ['es-ES', 0.15],
];
/** Days before the first: what was read then is stored when the day begins. */
const DAYS_BEFORE = 6;
const SECONDS_OF_A_DAY = 86_400;

/**
 * @typedef {object} Read
 * @property {number} at ms after the beginning
 * @property {number} id
 * @property {string} path
 *
 * @typedef {object} Day
 * @property {number} seconds it takes
 * @property {number} scale how much faster than a real one it passes
 * @property {number} titles
 * @property {readonly string[]} stored paths, read on the days before
 * @property {readonly Read[]} reads by time; the first `prelude` ms are the end of the day before
 * @property {readonly { at: number, id: number }[]} edits by time
 * @property {number} preludeMs
 */

/**
 * @param {number} seconds that the day takes; the prelude, a quarter of a day, comes on top
 * @param {number} [seed]
 * @returns {Day}
 */
export function feedDay(seconds, seed = 1) {
  const random = seeded(seed);
  const titles = Math.max(50, Math.round((WHOLE.titles * seconds) / WHOLE.seconds));
  const readRank = zipf(titles, READ_EXPONENT, random);
  const editRank = zipf(titles, EDIT_EXPONENT, random);
  const read = () => {
    const id = readRank() + 1;
    return { id, path: `/3/movie/${id}?language=${languageAt(random())}` };
  };
  const lengthMs = seconds * 1000;
  const preludeMs = lengthMs / 4;
  const endMs = preludeMs + lengthMs;
  const stored = new Set();
  for (let n = 0; n < READS_PER_SECOND * seconds * DAYS_BEFORE; n += 1) stored.add(read().path);
  const everyMs = lengthMs / Math.max(5, (WHOLE.edits * seconds) / WHOLE.seconds);
  return {
    seconds,
    scale: SECONDS_OF_A_DAY / seconds,
    titles,
    stored: [...stored],
    reads: arrivals(endMs, 1000 / READS_PER_SECOND, random).map((at) => ({ at, ...read() })),
    edits: arrivals(endMs, everyMs, random).map((at) => ({ at, id: editRank() + 1 })),
    preludeMs,
  };
}

/** Poisson arrivals. @returns {number[]} ms */
function arrivals(endMs, meanMs, random) {
  const times = [];
  for (let at = 0; ; times.push(at)) {
    at -= Math.log(random()) * meanMs;
    if (at >= endMs) return times;
  }
}

function languageAt(share) {
  let sum = 0;
  for (const [language, part] of LANGUAGES) {
    sum += part;
    if (share < sum) return language;
  }
  return LANGUAGES[0][0];
}

/** The class's own times, and the feed's, as fast as the day. @param {number} scale @returns {Record<string, string>} */
export function fasterTimes(scale) {
  const minutes = {
    JSON_MEMORY_TTL: 15,
    JSON_DISK_TTL: 360,
    JSON_STALE_WHILE_REVALIDATE: 60,
    JSON_STALE_IF_ERROR: 10_080,
    CHANGE_FEED_INTERVAL: 15,
    CHANGE_FEED_TTL: 10_080,
  };
  const entries = Object.entries(minutes).map(([name, real]) => [name, (real / scale).toFixed(6)]);
  return Object.fromEntries(entries);
}
