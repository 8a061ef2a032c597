import { expect, it } from 'vitest';
import type { FeedStatus } from '../../../src/feed/status.js';
import { CollectedMetrics } from '../../../src/observe/metrics-collected.js';
import { feedMetrics } from '../../../src/observe/metrics-feed.js';
import { mergeMetrics } from '../../../src/observe/metrics-merge.js';

const status: FeedStatus = {
  enabled: true,
  healthy: true,
  leader: false,
  lastPoll: 1000,
  lagMs: 90_500,
  reason: null,
  ordered: true,
  idsSeen: { movie: 75, tv: 30, person: 70 },
  softened: { movie: 20, tv: 10, person: 0 },
  skipped: { movie: 55, tv: 20, person: 70 },
  pages: { movie: 4, tv: 3, person: 4 },
  polls: { complete: 2, failed: 1, refused: 0 },
  gaps: 1,
};

async function scraped(feed: FeedStatus | undefined): Promise<string[]> {
  const metrics = new CollectedMetrics();
  feedMetrics(metrics, 'tmdb_proxy_', () => feed);
  const text = await mergeMetrics([metrics.json()]);
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

it('tell lag, ids seen and titles softened', async () => {
  expect((await scraped(status)).toSorted()).toEqual(
    [
      'tmdb_proxy_feed_healthy 1',
      'tmdb_proxy_feed_leader 0',
      'tmdb_proxy_feed_ordered 1',
      'tmdb_proxy_feed_lag_seconds 90.5',
      'tmdb_proxy_feed_polls_total{result="complete"} 2',
      'tmdb_proxy_feed_polls_total{result="failed"} 1',
      'tmdb_proxy_feed_polls_total{result="refused"} 0',
      'tmdb_proxy_feed_pages_total{kind="movie"} 4',
      'tmdb_proxy_feed_pages_total{kind="tv"} 3',
      'tmdb_proxy_feed_pages_total{kind="person"} 4',
      'tmdb_proxy_feed_ids_seen_total{kind="movie"} 75',
      'tmdb_proxy_feed_ids_seen_total{kind="tv"} 30',
      'tmdb_proxy_feed_ids_seen_total{kind="person"} 70',
      'tmdb_proxy_feed_softened_total{kind="movie"} 20',
      'tmdb_proxy_feed_softened_total{kind="tv"} 10',
      'tmdb_proxy_feed_softened_total{kind="person"} 0',
      'tmdb_proxy_feed_not_cached_total{kind="movie"} 55',
      'tmdb_proxy_feed_not_cached_total{kind="tv"} 20',
      'tmdb_proxy_feed_not_cached_total{kind="person"} 70',
      'tmdb_proxy_feed_gaps_total 1',
    ].toSorted(),
  );
});

it('of a feed that has never read say no lag, and of none nothing', async () => {
  const fresh = await scraped({ ...status, healthy: false, lastPoll: null, lagMs: null });
  expect(fresh).toContain('tmdb_proxy_feed_healthy 0');
  expect(fresh.join()).not.toContain('lag_seconds');
  expect(await scraped(undefined)).toEqual([]);
});
