import type { FeedStatus } from '../feed/status.js';
import type { CollectedMetrics, Labels, Sample } from './metrics-collected.js';

type Counts = Readonly<Record<string, number>>;

/** Metrics of the change feed; none while `feed` gives nothing. */
export function feedMetrics(
  metrics: CollectedMetrics,
  prefix: string,
  feed: () => FeedStatus | undefined,
): void {
  const add = (
    type: 'gauge' | 'counter',
    name: string,
    help: string,
    samples: (now: FeedStatus) => readonly Sample[],
    labels: readonly string[] = [],
  ) =>
    metrics.add({ name: `${prefix}feed_${name}`, help, type, labels }, () => {
      const now = feed();
      return now === undefined ? [] : samples(now);
    });
  const one = (value: number, labels: Labels = {}): Sample[] => [{ labels, value }];
  const each = (label: string, name: string, help: string, counts: (now: FeedStatus) => Counts) =>
    add(
      'counter',
      name,
      help,
      (now) => Object.entries(counts(now)).map(([of, value]) => ({ labels: { [label]: of }, value })),
      [label],
    );

  add('gauge', 'healthy', '1 while edits are told: details may be fresh for longer.', (now) =>
    one(Number(now.healthy)),
  );
  add('gauge', 'leader', '1 on the node that reads the lists of changes for all.', (now) =>
    one(Number(now.leader)),
  );
  add('gauge', 'ordered', '1 while the lists show the latest edit first.', (now) => one(Number(now.ordered)));
  add('gauge', 'lag_seconds', 'Since the last complete reading of the lists.', (now) =>
    now.lagMs === null ? [] : one(now.lagMs / 1000),
  );
  each('result', 'polls_total', 'Readings of the lists by this node, by how they ended.', (now) => now.polls);
  each('kind', 'pages_total', 'Pages of lists that this node has read.', (now) => now.pages);
  each(
    'kind',
    'ids_seen_total',
    'Titles that may have changed since the reading before.',
    (now) => now.idsSeen,
  );
  each(
    'kind',
    'softened_total',
    'Titles all of whose entries were made stale. Entries are not counted: that would take a scan.',
    (now) => now.softened,
  );
  each('kind', 'not_cached_total', 'Titles that may have changed and are not cached.', (now) => now.skipped);
  add('counter', 'gaps_total', 'Times for which edits were read up day by day, or given up on.', (now) =>
    one(now.gaps),
  );
}
