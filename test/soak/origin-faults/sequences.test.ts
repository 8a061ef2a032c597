import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fault, KINDS } from '../../../src/demo/fault-kinds.js';
import { PATIENCE_MS } from '../../support/patience.js';
import { Soak } from '../../support/soak.js';
import { type Row, TABLE } from './table.js';
import { judge, type Title, untroubled, World, wordOf } from './world.js';

const soak = new Soak('sequences');
let world: World;

const HOT = 6;
const COLD = 40;
const CLIENTS = 6;
/** How long a set of faults lasts, and the longest time that the origin is left alone afterwards (a breaker's rest), ms. */
const STEP_MS = 150;
const REST_MS = 8000 + PATIENCE_MS;
const FAULTS_PER_STEP = 3;
const GATE_EVERY = 4;
/** In which each row of the table has its turn. */
const STEPS = Math.ceil(TABLE.length / FAULTS_PER_STEP);

/** Of the retries of production, so that a fault may also strike the second attempt only. */
beforeAll(async () => {
  world = await World.start(HOT + COLD, { MAX_RETRIES: '2' });
});

afterAll(async () => {
  await world.stop();
  soak.end();
});

const int = (below: number) => Math.floor(soak.random() * below);

/** Rows of the table in an order of chance, each once before any comes again. */
function* shuffled(): Generator<Row> {
  for (;;) {
    const rows = [...TABLE];
    while (rows.length > 0) yield rows.splice(int(rows.length), 1)[0]!;
  }
}
const deck = shuffled();

/** A switch, for all requests, for the next few, or for one of the two kinds of titles. */
function anyFault(): { readonly name: string; readonly fault: Fault } {
  const { name, fault } = deck.next().value as Row;
  const bounds = [{}, { times: 1 + int(5) }, { match: '/3/' }, { match: '/t/p/' }][int(4)]!;
  return { name, fault: { ...fault, ...bounds } as Fault };
}

/** Statuses of the origin's faults, as they came or as the proxy tells them; 0 with no head is never one. */
const ALLOWED: ReadonlySet<number> = new Set([200, 301, 302, 429, 500, 501, 502, 503, 504]);

function isOriginsWord(seen: Parameters<typeof wordOf>[0]): boolean {
  return TABLE.some((row) => row.isOriginsWord?.(seen) === true);
}

async function askAny(title: Title): Promise<void> {
  const seen = await world.ask(title);
  if (isOriginsWord(seen)) soak.requests++;
  else judge(soak, title, seen, 'in a sequence');
  if (!ALLOWED.has(seen.status)) soak.lose(`in a sequence: ${title.path} ${wordOf(seen)}`);
  if (!seen.whole && title.kind === 'json') soak.lose(`in a sequence: ${title.path} broke off`);
}

/** Until everything is to be had again. */
async function recovered(titles: readonly Title[]): Promise<void> {
  const began = performance.now();
  let missing = titles;
  while (missing.length > 0) {
    const seen = await Promise.all(missing.map((title) => world.ask(title)));
    for (const [i, one] of seen.entries()) judge(soak, missing[i]!, one, 'after a sequence');
    const late = performance.now() - began > REST_MS;
    if (late)
      for (const [i, one] of seen.entries()) soak.lose(`not back: ${missing[i]!.path} ${wordOf(one)}`);
    missing = late ? [] : missing.filter((_, i) => seen[i]!.status !== 200 || !seen[i]!.whole);
    if (missing.length > 0) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const ms = Math.round(performance.now() - began);
  soak.measures.longest_return_after_sequence_ms = Math.max(
    soak.measures.longest_return_after_sequence_ms ?? 0,
    ms,
  );
}

async function sequence(steps: number, cold: readonly Title[]): Promise<void> {
  let stopped = false;
  const client = async () => {
    while (!stopped) await askAny(cold[int(cold.length)]!);
  };
  const clients = Array.from({ length: CLIENTS }, client);
  for (let step = 0; step < steps; step++) {
    for (let i = 0; i < FAULTS_PER_STEP; i++) {
      const { name, fault } = anyFault();
      world.origin.faults.add(fault);
      soak.fault(name);
    }
    if (step % GATE_EVERY === 0) {
      world.origin.faults.gate('shut', { where: int(2) === 0 ? 'head' : 'body' });
      soak.fault('gate');
    }
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    world.origin.faults.release('shut');
    if (int(2) === 0) world.origin.faults.clear();
    if (int(3) === 0)
      await world.manage('/cache/purge', { urls: cold.map(({ path }) => path), soft: int(2) === 0 });
  }
  world.origin.faults.clear();
  stopped = true;
  await Promise.all(clients);
}

describe('random sequences of faults under load', () => {
  it(
    'give no wrong byte, cost no stored title, and end when the faults end',
    async () => {
      const hot = world.titles.slice(0, HOT).flat();
      const cold = world.titles.slice(HOT).flat();
      for (const title of hot) expect((await world.ask(title)).status).toBe(200);
      const stop = untroubled(soak, world, hot);
      try {
        soak.measures.sequences_count = await soak.rounds(1, 0.85, async () => {
          await sequence(STEPS, cold);
          await recovered(cold);
        });
      } finally {
        world.origin.faults.clear();
        await stop();
      }
      expect(soak.complaints).toEqual([]);
      expect(soak.requests).toBeGreaterThan(100);
      expect(Object.keys(soak.faults).sort()).toEqual(['gate', ...TABLE.map(({ name }) => name)].sort());
      expect(new Set(['gate', ...TABLE.map(({ fault }) => fault.kind)])).toEqual(KINDS);
    },
    soak.timeout(0.85),
  );
});
