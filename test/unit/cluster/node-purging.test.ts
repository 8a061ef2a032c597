import { describe, expect, it } from 'vitest';
import type { PurgeScope } from '../../../src/cache/purge-table.js';
import { NodePurging, type PurgingParts } from '../../../src/cluster/node-purging.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

/** A node whose Redis is in use unless told otherwise; `emptied` is what clearing it comes to. */
function node({ inUse = 'primary', emptied = async () => 3, durable = true } = {}) {
  const clock = new FakeClock();
  const raised: (readonly PurgeScope[])[] = [];
  const told: unknown[] = [];
  const parts = {
    config: { cluster: { peers: [] }, server: { serverId: 'a' } },
    clock,
    site: {
      resolveUrl: () => undefined,
      alsoPurged: (tag: string) => (tag.startsWith('movie:') ? [`of:${tag}`] : []),
    },
    disk: { stats: () => ({ entries: 0 }), clear: async () => 0 },
    redis: { status: () => ({ inUse }), clear: emptied },
    purges: {
      purge: async (scopes: readonly PurgeScope[]) => {
        raised.push(scopes);
        if (!durable) throw new Error('the durable area is full');
        return { seq: 1, nodesReached: 1, pending: inUse !== 'primary' };
      },
    },
    peers: { add: async (messages: unknown) => void told.push(messages), status: () => [] },
    members: () => [],
  };
  return { clock, raised, told, purging: new NodePurging(parts as unknown as PurgingParts) };
}

const REDIS = { type: 'redis', soft: false, cascade: false } as const;
const ALL = [[{ kind: 'all' }]];

describe('clearing Redis', () => {
  it('counts what was there and touches no other tier', async () => {
    const { purging, raised } = node();
    expect(await purging.clear(REDIS)).toMatchObject({ cleared: { redis: 3 }, pending: false });
    expect(raised).toEqual([]);
  });

  it('makes invalid what it could not reach, and says that the other nodes follow later', async () => {
    const { purging, raised } = node({ inUse: 'disk' });
    expect(await purging.clear(REDIS)).toMatchObject({ cleared: { redis: null }, pending: true });
    expect(raised).toEqual(ALL);
  });

  it('makes invalid what a server that failed may still hold', async () => {
    const { purging, raised } = node({ emptied: () => Promise.reject(new Error('one of three')) });
    expect(await purging.clear(REDIS)).toMatchObject({ cleared: { redis: null } });
    expect(raised).toEqual(ALL);
  });

  it('answers after two seconds, and what is not yet removed is invalid by then', async () => {
    const { purging, raised, clock } = node({ emptied: () => new Promise(() => {}) });
    const clearing = purging.clear(REDIS);
    await settle();
    clock.advance(2000);
    expect(await clearing).toMatchObject({ cleared: { redis: null } });
    expect(raised).toEqual(ALL);
  });
});

it('other regions are told of a purge that holds although it could not be made durable (I-1)', async () => {
  const { purging, told } = node({ durable: false });
  const command = { keys: [], urls: [], tags: ['movie:1'], prefix: undefined, class: undefined, soft: false };
  await expect(purging.purge(command)).rejects.toThrow('full');
  await expect(purging.purgeWritten([{ kind: 'key', name: '/k' }])).rejects.toThrow('full');
  expect(told).toHaveLength(2);
});

it('the images of a title are purged with it here and in other regions, and not counted as a purge of their own', async () => {
  const { purging, raised, told } = node();
  const tags = ['movie:1', 'list:movie/popular'];
  const command = { keys: ['v1:x'], urls: [], tags, prefix: undefined, class: undefined, soft: false };
  expect(await purging.purge(command)).toMatchObject({ epochsRaised: 2, tombstonesWritten: 1 });
  expect(raised.flat().map((scope) => 'name' in scope && scope.name)).toEqual([
    'v1:x',
    ...tags,
    'of:movie:1',
  ]);
  expect(JSON.stringify(told)).toContain('of:movie:1');
});

it('what a write or another part of this program makes out of date is that alone', async () => {
  const { purging, raised } = node();
  await purging.purgeWritten([{ kind: 'tag', name: 'movie:1' }]);
  expect(raised).toEqual([[{ kind: 'tag', name: 'movie:1' }]]);
});
