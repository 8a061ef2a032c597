import { expect, it } from 'vitest';
import type { RedisLink } from '../../../src/redis/link.js';
import { listEntries } from '../../../src/tiers/redis-list.js';
import type { ScanParts } from '../../../src/tiers/redis-scan.js';
import { encodeValue } from '../../../src/tiers/redis-value.js';
import { NOW, sample } from '../../contract/samples.js';

type Scan = (cursor: string) => [next: string, names: string[]];

/** Masters whose SCAN answers what the test says; every name holds an entry of that key. */
function scripted(...scans: Scan[]): ScanParts & { readonly nodes: unknown[] } {
  const pipeline = () => {
    const replies: [null, unknown][] = [];
    const commands = {
      pttl: () => commands,
      strlen: () => commands,
      getrangeBuffer: (name: string) => {
        const { bytes, px } = encodeValue(sample(name), NOW);
        replies.push([null, px], [null, bytes.length], [null, bytes]);
        return commands;
      },
      exec: async () => replies,
    };
    return commands;
  };
  const nodes: unknown[] = scans.map((scan, i) => {
    return { options: { host: 'h', port: i + 1 }, scan: async (cursor: string) => scan(cursor), pipeline };
  });
  const control = {
    masters: () => nodes,
    remap: async () => {},
    call: (_what: string, _ms: number, task: () => unknown) => task(),
  };
  return {
    nodes,
    control: control as unknown as RedisLink,
    entries: 'e:',
    deadline: 100,
    now: () => NOW,
    onTrouble: (error) => {
      throw error;
    },
  };
}

const keysOf = (page: { readonly rows: readonly { readonly head: { readonly key: string } }[] }) =>
  page.rows.map(({ head }) => head.key);

it('goes on within a batch that a page had no room for', async () => {
  const parts = scripted((cursor) => (cursor === '0' ? ['5', ['d', 'b', 'c', 'a']] : ['0', ['e']]));
  const query = { after: '', limit: 3, contains: '', scanLimit: 100 };
  const first = await listEntries(parts, query);
  expect(keysOf(first)).toEqual(['d', 'b', 'c']);
  const second = await listEntries(parts, { ...query, after: first.next! });
  expect([keysOf(second), second.next]).toEqual([['a', 'e'], null]);
});

it('skips nothing of a batch whose table was resized meanwhile, and repeats nothing', async () => {
  let names = ['d', 'b', 'c'];
  let end = '5';
  const parts = scripted((cursor) => (cursor === '0' ? [end, names] : ['0', []]));
  const query = { after: '', limit: 2, contains: '', scanLimit: 100 };
  const first = await listEntries(parts, query);
  expect(keysOf(first)).toEqual(['d', 'b']);
  // The table shrank: the same cursor now covers more of it.
  names = ['a', 'b', 'c', 'd'];
  end = '1';
  const second = await listEntries(parts, { ...query, limit: 10, after: first.next! });
  expect(keysOf(second)).toEqual(['a', 'c']);
});

it('counts steps that find nothing: a database full of others’ keys does not make one call endless', async () => {
  let steps = 0;
  const parts = scripted(() => {
    steps += 1;
    return [String(steps), []];
  });
  const page = await listEntries(parts, { after: '', limit: 10, contains: '', scanLimit: 1000 });
  expect([page.rows.length, page.next === null, steps]).toEqual([0, false, 100]);
});

it('keeps to scanLimit within a batch', async () => {
  const parts = scripted(() => ['0', ['a', 'b', 'c', 'd']]);
  const query = { after: '', limit: 100, contains: 'd', scanLimit: 3 };
  const first = await listEntries(parts, query);
  expect(keysOf(first)).toEqual([]);
  expect(keysOf(await listEntries(parts, { ...query, after: first.next! }))).toEqual(['d']);
});

it('of a list that lacks a master it is said: whoever must see everything does not take it for that', async () => {
  const query = { after: '', limit: 2, contains: '', scanLimit: 100 };
  const fails: Scan = () => {
    throw new Error('away');
  };
  const one = {
    ...scripted(
      () => ['0', ['a']],
      fails,
      () => ['0', ['c']],
    ),
    onTrouble: () => {},
  };
  expect(await listEntries(one, { ...query, limit: 10 })).toMatchObject({ next: null, incomplete: true });
  // A connection that ended is not in the pool: those that are left look like all there are.
  const two = scripted(
    () => ['0', ['a', 'b']],
    () => ['0', ['c']],
  );
  const first = await listEntries(two, query);
  expect([keysOf(first), first.incomplete]).toEqual([['a', 'b'], undefined]);
  two.nodes.pop();
  expect(await listEntries(two, { ...query, limit: 10, after: first.next! })).toMatchObject({
    next: null,
    incomplete: true,
  });
  two.nodes.pop();
  expect(await listEntries(two, query)).toEqual({ rows: [], next: null, incomplete: true });
});
