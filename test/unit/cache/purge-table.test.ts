import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayName, type PurgeScope, PurgeTable } from '../../../src/cache/purge-table.js';
import type { EntryHead } from '../../../src/tiers/entry.js';

const head = (stamp: number, more: Partial<EntryHead> = {}) =>
  ({
    key: 'v1:api:/3/movie/550?language=de',
    primaryKey: 'v1:api:/3/movie/550?language=de',
    class: 'detail',
    tags: ['movie:550'],
    stamp,
    ...more,
  }) as EntryHead;

describe('what a purge names', () => {
  const matching: PurgeScope[] = [
    { kind: 'all' },
    { kind: 'class', name: 'detail' },
    { kind: 'tag', name: 'movie:550' },
    { kind: 'key', name: 'v1:api:/3/movie/550?language=de' },
    { kind: 'path', name: 'v1:api:/3/movie/550' },
    { kind: 'prefix', name: 'v1:api:/3/mov' },
  ];
  it.each(matching)('$kind $name: older entries are gone, later ones are not', (scope) => {
    const table = new PurgeTable();
    table.apply({ scope, soft: false, seq: 5, at: 0 });
    expect([table.judge(head(4)), table.judge(head(5))]).toEqual(['purged', 'valid']);
  });

  it.each<PurgeScope>([
    { kind: 'class', name: 'image' },
    { kind: 'tag', name: 'movie:55' },
    { kind: 'key', name: 'v1:api:/3/movie/550' },
    { kind: 'path', name: 'v1:api:/3/movie/55' },
    { kind: 'prefix', name: 'movie' },
    { kind: 'tag', name: '*' },
  ])('$kind $name is no pattern and touches nothing else', (scope) => {
    const table = new PurgeTable();
    table.apply({ scope, soft: false, seq: 5, at: 0 });
    expect(table.judge(head(4))).toBe('valid');
  });
});

describe('the clock', () => {
  it('I-4: never goes back, and an older rule never replaces a newer one', () => {
    const table = new PurgeTable();
    const tag: PurgeScope = { kind: 'tag', name: 'movie:550' };
    table.apply({ scope: tag, soft: false, seq: 9, at: 0 });
    table.apply({ scope: tag, soft: false, seq: 3, at: 0 });
    expect([table.stamp(), table.judge(head(8))]).toEqual([9, 'purged']);
  });

  it('I-16: rules may come in any order and more than once', () => {
    const rule = fc.record({
      scope: fc.constantFrom<PurgeScope>(
        { kind: 'all' },
        { kind: 'tag', name: 'movie:550' },
        { kind: 'prefix', name: 'v1' },
        { kind: 'class', name: 'image' },
      ),
      soft: fc.boolean(),
      seq: fc.integer({ min: 1, max: 20 }),
      at: fc.constant(0),
    });
    fc.assert(
      fc.property(fc.array(rule), fc.integer({ min: 0, max: 20 }), (rules, stamp) => {
        const once = new PurgeTable();
        const twice = new PurgeTable();
        for (const one of rules) once.apply(one);
        for (const one of [...rules].reverse()) twice.apply(one);
        for (const one of rules) twice.apply(one);
        expect(twice.judge(head(stamp))).toEqual(once.judge(head(stamp)));
      }),
    );
  });

  it.each<[scope: PurgeScope, groups: boolean, tagsFromBody: boolean, named: boolean]>([
    [{ kind: 'tag', name: 'group:a' }, true, false, true],
    [{ kind: 'tag', name: 'group:a' }, false, false, false],
    [{ kind: 'tag', name: 'group:a' }, false, true, true],
    [{ kind: 'tag', name: 'path:/b' }, true, false, false],
    [{ kind: 'tag', name: 'path:/b' }, false, true, true],
    [{ kind: 'tag', name: 'path:/a' }, false, false, true],
  ])(
    'I-3: %j names a response to come (groups %s, tags from the body %s): %s',
    (scope, groups, tagsFromBody, named) => {
      const expected = { primaryKey: 'k', tags: ['path:/a'], groups, tagsFromBody };
      const table = new PurgeTable();
      table.apply({ scope, soft: false, seq: 7, at: 0 });
      expect(mayName(scope, expected)).toBe(named);
      expect(table.latestFor(expected)).toBe(named ? 7 : 0);
    },
  );

  it('I-5: hard beats soft, whichever came later; soft alone says since when', () => {
    const table = new PurgeTable();
    table.apply({ scope: { kind: 'tag', name: 'movie:550' }, soft: true, seq: 1, at: 111 });
    expect(table.judge(head(0))).toEqual({ staleSince: 111 });
    table.apply({ scope: { kind: 'class', name: 'detail' }, soft: false, seq: 2, at: 222 });
    table.apply({ scope: { kind: 'all' }, soft: true, seq: 3, at: 333 });
    expect(table.judge(head(0))).toBe('purged');
    expect(table.judge(head(2))).toEqual({ staleSince: 333 });
  });

  it('an entry is stale from the first soft purge after it was fetched, however often its title is edited again', () => {
    const table = new PurgeTable();
    const tag: PurgeScope = { kind: 'tag', name: 'movie:550' };
    for (const [seq, at] of [
      [10, 1000],
      [20, 2000],
      [30, 3000],
    ] as const)
      table.apply({ scope: tag, soft: true, seq, at });
    const since = [9, 10, 20, 29].map((stamp) => table.judge(head(stamp)));
    expect(since).toEqual([
      { staleSince: 1000 },
      { staleSince: 2000 },
      { staleSince: 3000 },
      { staleSince: 3000 },
    ]);
    expect(table.judge(head(30))).toBe('valid');
  });

  it('what is remembered of earlier soft purges is bounded, and errs towards windows that end early', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 40 }), (gaps) => {
        const table = new PurgeTable();
        const scope: PurgeScope = { kind: 'tag', name: 'movie:550' };
        let at = 0;
        const purges = gaps.map((gap, index) => {
          at += gap;
          return { scope, soft: true, seq: (index + 1) * 10, at };
        });
        for (const rule of purges) table.apply(rule);
        expect(table.ruleOf(scope, true)?.earlier?.length ?? 0).toBeLessThanOrEqual(3);
        for (const { seq, at: true_ } of purges) {
          const verdict = table.judge(head(seq - 1)) as { staleSince: number };
          expect(verdict.staleSince).toBeLessThanOrEqual(true_);
          expect(verdict.staleSince).toBeGreaterThanOrEqual(purges[0]!.at);
        }
        expect(table.judge(head(0))).toEqual({ staleSince: purges[0]!.at });
        expect(table.judge(head(purges.at(-1)!.seq - 1))).toEqual({ staleSince: purges.at(-1)!.at });
      }),
    );
  });

  it('another process that is told the rules knows as much', () => {
    const table = new PurgeTable();
    const tag: PurgeScope = { kind: 'tag', name: 'movie:550' };
    table.apply({ scope: tag, soft: true, seq: 10, at: 1000 });
    table.apply({ scope: tag, soft: true, seq: 20, at: 2000 });
    const other = new PurgeTable();
    for (const rule of JSON.parse(JSON.stringify(table.rules()))) other.apply(rule);
    expect(other.judge(head(9))).toEqual({ staleSince: 1000 });
  });

  it('what others were folded into is never folded away itself', () => {
    const table = new PurgeTable();
    table.apply({ scope: { kind: 'all' }, soft: false, seq: 1, at: 0 });
    for (let seq = 2; seq <= 100_010; seq++)
      table.apply({ scope: { kind: 'tag', name: `t${seq}` }, soft: false, seq, at: 0 });
    expect(table.judge(head(0))).toBe('purged');
  });

  it('I-17: too many prefixes fold into "all": misses, never a wrong hit', () => {
    const table = new PurgeTable();
    for (let seq = 1; seq <= 600; seq++)
      table.apply({ scope: { kind: 'prefix', name: `p${seq}` }, soft: false, seq, at: 0 });
    expect(table.size).toBeLessThanOrEqual(502);
    expect(table.judge(head(0, { primaryKey: 'p1' }))).toBe('purged');
  });
});
