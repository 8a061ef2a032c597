import { feedDay } from '../lib/feed-day.mjs';
import { INTERVAL, replay } from '../lib/feed-replay.mjs';
import { rowsOf, summed } from '../lib/feed-summary.mjs';

/** A shorter day has fewer titles, readers and edits in proportion; whole seconds of `Date` weigh more in it. */
const DAY_SECONDS = { whole: 144, quick: 30, smoke: 5 };

/** @type {import('./index.mjs').Scenario} */
export const feed = {
  name: 'feed',
  targets: ['product'],
  summary:
    'a day of readers and edits, replayed faster: plain TTLs beside the change feed (origin requests, staleness, hit rate)',
  own: async ({ options }) => {
    const { whole, quick, smoke } = DAY_SECONDS;
    const day = feedDay(options.smoke ? smoke : options.quick ? quick : whole);
    const plain = summed(await replay(day, options, false), day.scale);
    // No lifetime of seven days ends within this day: in a real week each stored answer is asked for once more.
    const weekly = Math.round(day.stored.length / 7);
    const fed = summed(await replay(day, options, true), day.scale, weekly);
    return {
      facts: {
        originRequestsToPlain: fed.originRequests / plain.originRequests,
        hitRatePlain: plain.hitRate,
        hitRateFeed: fed.hitRate,
        lackingAnEditPlain: plain.all.share,
        lackingAnEditFeed: fed.all.share,
        freshP99Plain: plain.fresh.p99,
        freshP99Feed: fed.fresh.p99,
        freshMaxPlain: plain.fresh.max,
        freshMaxFeed: fed.fresh.max,
        changeListRequests: fed.asked.feed,
        endOfSevenDaysADay: weekly,
      },
      tables: [{ title: titleOf(day), columns: ['', 'plain TTLs', 'change feed'], rows: rowsOf(plain, fed) }],
      verified: {
        product: 'every answer a 200; after the day every edited title shows its newest edit',
      },
    };
  },
  goals: [
    {
      text: 'answers that count as fresh lack no edit older than an interval and a poll (max, minutes of the day)',
      fact: 'freshMaxFeed',
      atMost: 2 * INTERVAL,
    },
    {
      text: 'origin requests, change lists and a seventh of the ends of seven days included: fewer than with plain TTLs',
      fact: 'originRequestsToPlain',
      atMost: 1,
    },
  ],
};

function titleOf({ seconds, scale, edits, titles, stored, preludeMs }) {
  const count = edits.filter(({ at }) => at >= preludeMs).length;
  return `a day in ${seconds} s, all times ${Math.round(scale)} times as fast; ${count} edits of ${titles} titles in 3 languages, ${stored.length} answers stored on the days before`;
}
