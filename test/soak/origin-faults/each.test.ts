import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KINDS } from '../../../src/demo/fault-kinds.js';
import { Soak } from '../../support/soak.js';
import { LONG_STORM, type Row, TABLE } from './table.js';
import { judge, type Seen, type Title, untroubled, World, wordOf } from './world.js';

const soak = new Soak('each');
let world: World;

/** Titles of the load, and of each row. */
const LOADED = 4;
const OF_ROW = 3;

beforeAll(async () => {
  world = await World.start(LOADED + OF_ROW * (TABLE.length + 2));
});

afterAll(async () => {
  await world.stop();
  soak.end();
});

function titlesFor(place: number): Record<'fresh' | 'stale' | 'unknown', readonly Title[]> {
  const at = LOADED + place * OF_ROW;
  const [fresh, stale, unknown] = world.titles.slice(at, at + OF_ROW);
  return { fresh: fresh!, stale: stale!, unknown: unknown! };
}

async function stored(titles: readonly Title[]): Promise<void> {
  const seen = await Promise.all(titles.map((title) => world.ask(title)));
  expect(seen.map(wordOf)).toEqual(titles.map(() => '200 MISS'));
}

function check(row: Row, state: string, title: Title, seen: Seen, allowed: readonly string[]): void {
  const what = `${row.name}, ${state}`;
  if (row.isOriginsWord?.(seen) === true) soak.requests++;
  else judge(soak, title, seen, what);
  if (!allowed.includes(wordOf(seen)))
    soak.lose(`${what}: ${title.path} saw ${wordOf(seen)}, not ${allowed.join(' or ')}`);
}

/** After the fault everybody gets everything, at the latest when a 429's hold is over. */
async function recovered(row: Row, titles: readonly Title[]): Promise<void> {
  const began = performance.now();
  const after = async (title: Title) => {
    const seen = await world.ask(title);
    judge(soak, title, seen, `after ${row.name}`);
    if (seen.status !== 200 || !seen.whole) soak.lose(`after ${row.name}: ${title.path} ${wordOf(seen)}`);
  };
  await Promise.all(titles.map(after));
  const ms = Math.round(performance.now() - began);
  soak.measures.longest_recovery_ms = Math.max(soak.measures.longest_recovery_ms ?? 0, ms);
}

/** What clients see of a fault, which stays switched on. */
async function struck(row: Row, place: number): Promise<Title[]> {
  const { fresh, stale, unknown } = titlesFor(place);
  await stored([...fresh, ...stale]);
  await world.manage('/cache/purge', { urls: stale.map(({ path }) => path), soft: true });
  const fault = world.origin.faults.add(row.fault);
  const asked = (titles: readonly Title[], state: 'fresh' | 'stale' | 'unknown') =>
    titles.map(async (title) => {
      const allowed = state === 'fresh' ? ['200 HIT'] : row[state][title.kind];
      check(row, state, title, await world.ask(title), allowed);
    });
  await Promise.all([...asked(fresh, 'fresh'), ...asked(stale, 'stale'), ...asked(unknown, 'unknown')]);
  if (fault.hits === 0) soak.lose(`${row.name}: nobody asked the origin`);
  soak.fault(row.name);
  return [...unknown, ...stale];
}

async function tried(row: Row, place: number): Promise<void> {
  const titles = await struck(row, place);
  world.origin.faults.clear();
  await recovered(row, titles);
}

describe('what clients see of each fault of the origin', () => {
  it('has a row for each switch of the sample origin', () => {
    const tested = new Set<string>(TABLE.map(({ fault }) => fault.kind));
    expect([...KINDS].filter((kind) => kind !== 'gate' && !tested.has(kind))).toEqual([]);
  });

  it(
    'is a hit, a stale answer or an error that says what is wrong, in time, and never a wrong byte',
    async () => {
      await soak.rounds(1, 0.85, async () => {
        await world.manage('/cache/clear?type=all');
        const loaded = world.titles.slice(0, LOADED).flat();
        await stored(loaded);
        const stop = untroubled(soak, world, loaded);
        try {
          for (const [place, row] of TABLE.entries()) await tried(row, place);
        } finally {
          world.origin.faults.clear();
          await stop();
        }
      });
      expect(soak.complaints).toEqual([]);
      expect(Object.keys(soak.faults)).toEqual(TABLE.map(({ name }) => name));
    },
    soak.timeout(0.85),
  );

  it('is the title itself as soon as a gate opens that all wait at', async () => {
    const { unknown } = titlesFor(TABLE.length);
    world.origin.faults.gate('shut');
    const waiting = Promise.all(unknown.flatMap((title) => [world.ask(title), world.ask(title)]));
    await world.origin.faults.arrived('shut', unknown.length);
    world.origin.faults.release('shut');
    soak.fault('gate');
    for (const [i, seen] of (await waiting).entries()) {
      judge(soak, unknown[i >> 1]!, seen, 'gate');
      expect(seen.status).toBe(200);
    }
    expect(soak.complaints).toEqual([]);
  });

  it('is a stale answer or a 429 at once for as long as the origin wishes not to be asked', async () => {
    const titles = await struck(LONG_STORM, TABLE.length + 1);
    world.origin.faults.clear();
    world.origin.requests.reset();
    for (const [i, title] of titles.entries())
      check(LONG_STORM, 'afterwards', title, await world.ask(title), [i < 2 ? '429' : '200 STALE']);
    expect(titles.filter(({ path }) => world.origin.requests.countOf(path) > 0)).toEqual([]);
    expect(soak.complaints).toEqual([]);
  });
});
