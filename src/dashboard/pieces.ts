import type { Management } from '../admin/management.js';
import type { State } from './wire.js';

/** What a sampler asks of the node. */
export type SamplerSource = Pick<
  Management,
  'status' | 'health' | 'stats' | 'info' | 'upstreams' | 'nodes' | 'tenants' | 'hot' | 'warmStatus'
>;

/** Everything but `nodes`, which each sample is made of. */
export type PieceName = Exclude<keyof State, 'nodes'>;

/** One part of what is shown: how it is read, and how often, ms. */
export interface Piece<Name extends PieceName> {
  readonly everyMs: number;
  readonly read: (source: SamplerSource) => Promise<State[Name]>;
}

const TOP_KEYS = 20;
const MOST_TENANTS = 50;
const MOST_JOBS = 20;

/** Bounded, whatever the node holds: it goes to every open page. */
export const PIECES: { readonly [Name in PieceName]: Piece<Name> } = {
  status: { everyMs: 10_000, read: (source) => source.status() },
  // Without what is another at each reading: only what has changed is sent.
  health: {
    everyMs: 4000,
    read: async (source) => {
      const { status, checks } = await source.health();
      return { status, checks };
    },
  },
  stats: {
    everyMs: 4000,
    read: async (source) => {
      const { requests, change_feed } = await source.stats();
      return { requests, change_feed };
    },
  },
  info: { everyMs: 10_000, read: (source) => source.info() },
  upstreams: { everyMs: 4000, read: (source) => source.upstreams() },
  tenants: {
    everyMs: 10_000,
    read: async (source) => {
      const rows = await source.tenants();
      const busiest = [...rows].sort((a, b) => b.today.requests - a.today.requests).slice(0, MOST_TENANTS);
      return { rows: busiest.map((row) => ({ ...row, days: [] })), total: rows.length };
    },
  },
  hot: { everyMs: 6000, read: (source) => source.hot(TOP_KEYS) },
  jobs: { everyMs: 2000, read: async (source) => (await source.warmStatus()).slice(0, MOST_JOBS) },
};

export const PIECE_NAMES = Object.keys(PIECES) as PieceName[];
