import { describe, expect, it } from 'vitest';
import type { PurgeSelection } from '../../../src/admin/management.js';
import { PurgeTable } from '../../../src/cache/purge-table.js';
import type { SitePolicy } from '../../../src/cache/site.js';
import { tallyOf } from '../../../src/cluster/purge-tally.js';
import type { EntryHead } from '../../../src/tiers/entry.js';
import type { ListQuery, Row } from '../../../src/tiers/tier.js';
import { FakeClock } from '../../support/fake-clock.js';
import { row, tierStats } from '../admin/fakes.js';

const NOTHING: PurgeSelection = {
  all: false,
  keys: [],
  urls: [],
  tags: [],
  prefix: undefined,
  class: undefined,
};
const site = {
  resolveUrl: (url: string) => (url.startsWith('/') ? { prefix: `v1:api:${url}` } : undefined),
} as unknown as SitePolicy;

/** A tier that shows so many rows at a call, each of which takes so long. */
function kit(rows: Row[], { page = 100, ms = 0, away = false, memory = [] as Row[] } = {}) {
  const clock = new FakeClock();
  const queries: ListQuery[] = [];
  const tier = {
    list: async (query: ListQuery) => {
      queries.push(query);
      clock.advance(ms);
      const from = query.after === '' ? 0 : Number(query.after);
      const shown = rows.slice(from, from + page).filter(({ head }) => head.key.includes(query.contains));
      const next = from + page < rows.length ? String(from + page) : null;
      return { rows: shown, next, ...(away && { incomplete: true as const }) };
    },
    stats: () => tierStats({ entries: rows.length }),
  };
  const memories = [
    async () => ({ rows: memory, next: null }),
    () => Promise.reject(new Error('a worker that is just being replaced')),
  ];
  const table = new PurgeTable(1);
  const tally = (selection: Partial<PurgeSelection>) =>
    tallyOf({ ...NOTHING, ...selection }, { site, tier, memories, table, clock });
  return { tally, table, queries };
}

const stored = (id: number, more: Partial<EntryHead> = {}) =>
  row(`v1:api:/3/movie/${id}?language=de`, 'disk', { tags: [`movie:${id}`], ...more });

describe('how much a purge would take', () => {
  const rows = [stored(1), stored(2, { class: 'image' }), stored(3, { tags: ['movie:1', 'movie:3'] })];

  it.each([
    [{ tags: ['movie:1'] }, 2],
    [{ class: 'image' }, 1],
    [{ keys: ['v1:api:/3/movie/1?language=de'] }, 1],
    [{ keys: ['v1:api:/3/movie/1'] }, 0],
    [{ urls: ['/3/movie/2'] }, 1],
    [{ prefix: 'v1:api:/3/movie' }, 3],
    [{ tags: ['movie:3'], keys: ['v1:api:/3/movie/1?language=de'] }, 2],
    [{ all: true }, 3],
  ])('%j', async (selection, entries) => {
    expect(await kit(rows).tally(selection)).toEqual({
      entries,
      bytes: entries * 1000,
      total: 3,
      complete: true,
      away: false,
    });
  });

  it('counts what only memory holds, and what both hold once', async () => {
    const { tally } = kit([stored(1)], { memory: [stored(1), stored(2)] });
    expect(await tally({ all: true })).toMatchObject({ entries: 2, bytes: 2000, complete: true });
  });

  it('does not call that complete which leaves out a Redis that is away', async () => {
    const { tally } = kit([], { away: true, memory: [stored(1)] });
    expect(await tally({ tags: ['movie:1'] })).toMatchObject({ entries: 1, complete: false, away: true });
  });

  it('does not count what is purged already', async () => {
    const { tally, table } = kit(rows);
    table.apply({ scope: { kind: 'tag', name: 'movie:3' }, soft: false, seq: 10, at: 0 });
    expect((await tally({ all: true })).entries).toBe(2);
  });

  it('ends after two seconds, and says that there may be more', async () => {
    const many = Array.from({ length: 1000 }, (_, i) => stored(i));
    const { tally, queries } = kit(many, { ms: 700 });
    expect(await tally({ all: true })).toMatchObject({ entries: 300, total: 1000, complete: false });
    expect(queries).toHaveLength(3);
  });

  it('counts an entry once that an unsorted tier shows twice', async () => {
    expect((await kit([stored(1), stored(1)]).tally({ all: true })).entries).toBe(1);
  });

  it('refuses an address that is not of this site, as the purge does', async () => {
    await expect(kit(rows).tally({ urls: ['nonsense'] })).rejects.toMatchObject({ code: 'bad_request' });
  });
});
