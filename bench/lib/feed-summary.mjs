// What a day came to, and the day with plain TTLs beside the one with the feed.
import { quantile } from './statistics.mjs';

/**
 * @typedef {object} Ages minutes of the day, over answers of one sort, those that lack no edit included
 * @property {number} count
 * @property {number} share of them that lack an edit
 * @property {number} p50 of those that lack one
 * @property {number} p99 of all
 * @property {number} max
 */

/** @param {readonly number[]} old ms, by answer @param {number} scale @returns {Ages} */
export function agesOf(old, scale) {
  const minutes = (ms) => (ms * scale) / 60_000;
  const lacking = old.filter((ms) => ms > 0);
  const max = lacking.reduce((most, ms) => Math.max(most, ms), 0);
  return {
    count: old.length,
    share: old.length === 0 ? 0 : lacking.length / old.length,
    p50: lacking.length === 0 ? 0 : minutes(quantile(sorted(lacking), 0.5)),
    p99: old.length === 0 ? 0 : minutes(quantile(sorted(old), 0.99)),
    max: minutes(max),
  };
}

const sorted = (values) => [...values].sort((a, b) => a - b);

/** @param {import('./feed-replay.mjs').Replayed} replayed @param {number} scale @param {number} weekly requests that the day lacks */
export function summed({ answers, asked }, scale, weekly = 0) {
  const ages = (...outcomes) =>
    agesOf(
      answers.filter(({ outcome }) => outcomes.includes(outcome)).map(({ old }) => old),
      scale,
    );
  const fresh = ages('hit');
  const stale = ages('stale');
  return {
    all: ages('hit', 'stale', 'miss'),
    fresh,
    stale,
    hitRate: answers.length === 0 ? 0 : (fresh.count + stale.count) / answers.length,
    asked,
    weekly,
    originRequests: asked.titles + asked.feed + weekly,
  };
}

const percent = (share) => `${(share * 100).toFixed(1)} %`;
const minutes = ({ p50, p99, max }) => [p50, p99, max].map((value) => value.toFixed(0)).join(' / ');

/** @param {ReturnType<typeof summed>} plain @param {ReturnType<typeof summed>} fed */
export function rowsOf(plain, fed) {
  const row = (name, of) => [name, of(plain), of(fed)];
  return [
    row('requests for titles', ({ all }) => all.count),
    row('origin requests, all', ({ originRequests }) => originRequests),
    row('… for titles', ({ asked }) => asked.titles),
    row('… answered 304', ({ asked }) => asked.unchanged),
    row('… for change lists', ({ asked }) => asked.feed),
    row('… at the end of seven days (not replayed: a seventh of what is stored)', ({ weekly }) => weekly),
    row('hit rate, stale hits included', ({ hitRate }) => percent(hitRate)),
    row('answers that lack an edit', ({ all }) => percent(all.share)),
    row('… of those that count as fresh', ({ fresh }) => percent(fresh.share)),
    row('… of those served stale, while the new one is fetched', ({ stale }) => percent(stale.share)),
    row('how old the first edit is that fresh ones lack: p50 / p99 of all / max, min', ({ fresh }) =>
      minutes(fresh),
    ),
    row('the same of stale ones, min', ({ stale }) => minutes(stale)),
    row('the same of all, min', ({ all }) => minutes(all)),
  ];
}
