import type { LeaseCounts } from '../cache/lease-counts.js';
import type { CollectedMetrics, Sample } from './metrics-collected.js';

/** What a core knows of its node as a whole. */
export interface NodeFigures {
  readonly serverId: string;
  readonly region: string;
  /** Processes that are to answer clients, and those that do. */
  readonly workers: { readonly configured: number; readonly serving: number };
  readonly purges: { readonly epoch: number; readonly rules: number };
  /** Undefined: there are none, each node fills for itself. */
  readonly leases: LeaseCounts | undefined;
  /** Other regions, and how many purges each is still to be told. */
  readonly peers: readonly { readonly peer: string; readonly queued: number }[];
}

/** Metrics of the node as a whole. */
export function nodeMetrics(metrics: CollectedMetrics, prefix: string, node: () => NodeFigures): void {
  const add = (
    type: 'gauge' | 'counter',
    name: string,
    help: string,
    labels: readonly string[],
    samples: (now: NodeFigures) => readonly Sample[],
  ) => metrics.add({ name: prefix + name, help, type, labels }, () => samples(node()));
  const one = (value: number): Sample[] => [{ labels: {}, value }];

  add('gauge', 'node_info', 'Always 1; who this is.', ['server_id', 'region'], ({ serverId, region }) => [
    { labels: { server_id: serverId, region }, value: 1 },
  ]);
  add('gauge', 'workers', 'Processes that answer clients, and how many are wanted.', ['state'], (now) =>
    (['configured', 'serving'] as const).map((state) => ({ labels: { state }, value: now.workers[state] })),
  );
  add('gauge', 'purge_epoch', 'Reading of the purge clock: number of the latest purge known.', [], (now) =>
    one(now.purges.epoch),
  );
  add('gauge', 'purge_rules', 'Purges that are compared with entries at every read.', [], (now) =>
    one(now.purges.rules),
  );
  leaseMetrics(add, one);
  add('gauge', 'peer_pending_purges', 'Purges that another region is still to be told.', ['peer'], (now) =>
    now.peers.map(({ peer, queued }) => ({ labels: { peer }, value: queued })),
  );
}

type Add = (
  type: 'gauge' | 'counter',
  name: string,
  help: string,
  labels: readonly string[],
  samples: (now: NodeFigures) => readonly Sample[],
) => void;

const NO_LEASES: Readonly<LeaseCounts> = { ours: 0, theirs: 0, alone: 0, ended: 0, shared: 0, failures: 0 };

function leaseMetrics(add: Add, one: (value: number) => Sample[]): void {
  const of = ({ leases }: NodeFigures) => leases ?? NO_LEASES;
  add(
    'counter',
    'lease_claims_total',
    'Claims to fill a key for all nodes: granted (ours), another node was at it (theirs), or there was no lease to be had (alone).',
    ['result'],
    (now) =>
      (['ours', 'theirs', 'alone'] as const).map((result) => ({
        labels: { result },
        value: of(now)[result],
      })),
  );
  add('gauge', 'leases_held', 'Leases of fills in progress.', [], (now) => one(of(now).ours - of(now).ended));
  add('counter', 'lease_shared_fills_total', "Fills that another node's answered.", [], (now) =>
    one(of(now).shared),
  );
  add('counter', 'lease_failures_total', 'Claims, extensions and releases that failed.', [], (now) =>
    one(of(now).failures),
  );
}
