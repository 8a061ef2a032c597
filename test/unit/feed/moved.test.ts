import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { moved } from '../../../src/feed/moved.js';

/** A list that shows the latest edit first, each id once. */
function edited(list: readonly number[], ids: readonly number[]): number[] {
  return [...new Set([...ids.toReversed(), ...list])];
}

const front = (before: readonly number[], now: readonly number[]) => now.slice(0, moved(before, now).front);

describe('what was edited between two readings', () => {
  it('stands before the longest end that kept its order', () => {
    expect(front([1, 2, 3, 4], [3, 1, 2, 4])).toEqual([3]);
    expect(front([1, 2, 3, 4], [9, 4, 1, 2, 3])).toEqual([9, 4]);
    expect(front([1, 2, 3, 4], [1, 2, 3, 4])).toEqual([]);
    expect(front([], [1, 2])).toEqual([1, 2]);
  });

  it('is not hidden by edited ones that are more, and in order among themselves', () => {
    expect(front([1, 2, 3, 4, 5], [3, 4, 5, 1, 2])).toEqual([3, 4, 5]);
  });

  it('an id that left the list at its end is no edit', () => {
    expect(front([1, 2, 3, 4], [1, 2, 3])).toEqual([]);
  });

  it('is told apart from lists that are in no order', () => {
    expect(moved([1, 2, 3, 4, 5, 6], [5, 2, 6, 1, 4, 3])).toMatchObject({ known: 6, kept: 1 });
    expect(moved([1, 2, 3, 4, 5, 6], [9, 1, 2, 3, 4, 5])).toMatchObject({ known: 5, kept: 5 });
  });

  it('is found whatever was edited, unless all that stood before it were edited as well', () => {
    const list = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 30 });
    const edits = fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 20 });
    fc.assert(
      fc.property(list, edits, (before, ids) => {
        const now = edited(before, ids);
        const found = new Set(front(before, now));
        for (const id of ids.filter((id) => !found.has(id))) {
          const place = before.indexOf(id);
          expect(place).toBeGreaterThanOrEqual(0);
          for (const earlier of before.slice(0, place)) expect(ids).toContain(earlier);
        }
        // And nothing that stands behind all that was edited.
        const last = Math.max(-1, ...ids.map((id) => now.indexOf(id)));
        for (const id of now.slice(last + 1)) expect(found.has(id)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
});
