import { describe, expect, it } from 'vitest';
import { METHOD_NAMES, type NodeSide } from '../../../src/cluster/remote-management.js';
import { gathered, sharedReads } from '../../../src/cluster/shared-reads.js';

/** Collections, each ended by hand. */
function collections() {
  const ends: ((answer: number | Error) => void)[] = [];
  const ask = gathered(
    () =>
      new Promise<number>((resolve, reject) =>
        ends.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer))),
      ),
  );
  return { ends, ask };
}

describe('figures that many ask for at once', () => {
  it('are collected twice: for the first who asks, and for all who have asked since', async () => {
    const { ends, ask } = collections();
    const first = ask();
    const rest = Array.from({ length: 900 }, ask);
    expect(ends).toHaveLength(1);
    ends[0]!(1);
    expect(await first).toBe(1);
    await Promise.resolve();
    expect(ends).toHaveLength(2);
    ends[1]!(2);
    expect(new Set(await Promise.all(rest))).toEqual(new Set([2]));
    expect(ends).toHaveLength(2);
  });

  it('are never older than the question', async () => {
    const { ends, ask } = collections();
    let begun = 0;
    for (let round = 0; round < 20; round++) {
      const asked = [ask(), ask(), ask()];
      while (ends.length > begun) ends[begun]!(begun++);
      await Promise.resolve();
      const last = ask(); // the second collection of this round may be under way
      const before = ends.length;
      while (ends.length > begun || begun < before + 1) {
        await new Promise((resolve) => setImmediate(resolve));
        while (ends.length > begun) ends[begun]!(begun++);
      }
      await Promise.all(asked);
      expect(await last).toBeGreaterThanOrEqual(before - 1);
    }
  });

  it('that can not be collected are collected anew for whoever asked since', async () => {
    const { ends, ask } = collections();
    const [first, second] = [ask(), ask()];
    ends[0]!(new Error('away'));
    await expect(first).rejects.toThrow('away');
    await Promise.resolve();
    ends[1]!(2);
    expect(await second).toBe(2);
    const third = ask();
    ends[2]!(3);
    expect(await third).toBe(3);
  });
});

it('of a node, reads are shared, and whatever does something or is asked in other words is not', async () => {
  const calls: string[] = [];
  const node = Object.fromEntries(
    METHOD_NAMES.map((name) => [
      name,
      async (...args: unknown[]) => {
        calls.push(name);
        return args;
      },
    ]),
  ) as unknown as NodeSide;
  const shared = sharedReads(node);
  await Promise.all(Array.from({ length: 5 }, () => shared.metrics()));
  await Promise.all(Array.from({ length: 5 }, () => shared.reload()));
  expect(await Promise.all([shared.hot(1), shared.hot(2)])).toEqual([[1], [2]]);
  expect(calls.filter((name) => name === 'metrics')).toHaveLength(2);
  expect(calls.filter((name) => name === 'reload')).toHaveLength(5);
});
