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
  ) =>
    metrics.add({ name: `${prefix}feed_${name}`, help, type }, () => {
      const now = feed();
      return now === undefined ? [] : samples(now);
    });
  const one = (value: number, labels: Labels = {}): Sample[] => [{ labels, value }];
  const each = (label: string, counts: Counts): Sample[] =>
    Object.entries(counts).map(([name, value]) => ({ labels: { [label]: name }, value }));

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
  add('counter', 'polls_total', 'Readings of the lists by this node, by how they ended.', (now) =>
    each('result', now.polls),
  );
  add('counter', 'pages_total', 'Pages of lists that this node has read.', (now) => each('kind', now.pages));
  add('counter', 'ids_seen_total', 'Titles that may have changed since the reading before.', (now) =>
    each('kind', now.idsSeen),
  );
  add(
    'counter',
    'softened_total',
    'Titles all of whose entries were made stale. Entries are not counted: that would take a scan.',
    (now) => each('kind', now.softened),
  );
  add('counter', 'not_cached_total', 'Titles that may have changed and are not cached.', (now) =>
    each('kind', now.skipped),
  );
  add('counter', 'gaps_total', 'Times for which edits were read up day by day, or given up on.', (now) =>
    one(now.gaps),
  );
}
