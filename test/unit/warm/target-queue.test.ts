import { describe, expect, it } from 'vitest';
import type { Position } from '../../../src/warm/job-record.js';
import { type Taken, TargetQueue } from '../../../src/warm/target-queue.js';
import { settle } from '../../support/fake-clock.js';

const START: Position = { next: 0, at: 0, ahead: [] };

/** A list of lines of different lengths, of which a read gives three at most. */
function listOf(count: number) {
  const lines = Array.from({ length: count }, (_, i) => `/3/movie/${'9'.repeat(1 + (i % 4))}${i}`);
  const text = lines.map((line) => `${line}\n`).join('');
  const state = { bytes: text.length, open: false };
  const file = {
    read: async (at: number, end: number) => text.slice(at, end).split('\n').slice(0, 3).filter(Boolean),
  };
  return { lines, text, state, queue: (from = START) => new TargetQueue(file, from, () => state) };
}

const signal = new AbortController().signal;

async function takeAll(queue: TargetQueue): Promise<Taken[]> {
  const all: Taken[] = [];
  for (let taken = await queue.take(signal); taken !== undefined; taken = await queue.take(signal))
    all.push(taken);
  return all;
}

describe('a list that several work off', () => {
  it('is handed out once, in order, to however many', async () => {
    const { lines, queue } = listOf(20);
    const shared = queue();
    const halves = await Promise.all([takeAll(shared), takeAll(shared)]);
    const taken = halves.flat().sort((a, b) => a.line - b.line);
    expect(taken.map(({ target }) => target)).toEqual(lines);
    expect(taken.map(({ line }) => line)).toEqual(lines.map((_, i) => i));
  });

  it('goes on with exactly what is not done, wherever it was stopped and in whatever order things were done', async () => {
    let seed = 7;
    const random = () => {
      seed = (seed * 16807) % 2147483647;
      return seed / 2147483647;
    };
    for (let round = 0; round < 60; round++) {
      const { lines, text, queue } = listOf(17);
      const done = new Set<string>();
      let position: Position = START;
      while (done.size < lines.length) {
        const part = queue(JSON.parse(JSON.stringify(position)) as Position);
        const inFlight: Taken[] = [];
        for (let step = 0; step < 9; step++) {
          const taken = await part.take(signal);
          if (taken !== undefined) inFlight.push(taken);
          if (random() < 0.6) continue;
          const [finished] = inFlight.splice(Math.floor(random() * inFlight.length), 1);
          if (finished === undefined) continue;
          expect(done.has(finished.target)).toBe(false);
          done.add(finished.target);
          part.done(finished);
        }
        position = part.position();
      }
      expect(position).toEqual({ next: lines.length, at: text.length, ahead: [] });
    }
  });

  it('that is open is waited for until more comes or it is closed', async () => {
    const { lines, text, state, queue } = listOf(5);
    const all = text.length;
    state.bytes = text.indexOf(lines[2]!);
    state.open = true;
    const open = queue();
    const taking = takeAll(open);
    let over = false;
    void taking.then(() => {
      over = true;
    });
    await settle();
    expect(over).toBe(false);
    state.bytes = all;
    open.wake();
    await settle();
    expect(over).toBe(false);
    state.open = false;
    open.wake();
    expect((await taking).map(({ target }) => target)).toEqual(lines);
  });

  it('a stop ends the wait, and nothing is handed out any more', async () => {
    const { state, queue } = listOf(2);
    state.open = true;
    const open = queue();
    const stop = new AbortController();
    await open.take(stop.signal);
    await open.take(stop.signal);
    const waiting = open.take(stop.signal);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'client_closed' });
    expect(await open.take(stop.signal)).toBeUndefined();
  });

  it('does not run ahead of one that hangs without bound', async () => {
    const { queue } = listOf(3000);
    const part = queue();
    await part.take(signal);
    let ahead = 0;
    let last: Promise<Taken | undefined> = Promise.resolve(undefined);
    for (;;) {
      const taking = part.take(signal);
      const taken = await Promise.race([taking, settle(3).then(() => 'waits' as const)]);
      if (taken === 'waits') {
        last = taking;
        break;
      }
      part.done(taken!);
      ahead++;
    }
    expect(ahead).toBeLessThan(1100);
    expect(part.position()).toMatchObject({ next: 0, at: 0 });
    part.done({ line: 0, target: '' });
    expect(await last).toMatchObject({ line: ahead + 1 });
    expect(part.position().next).toBe(ahead + 1);
  });

  it('that is shorter than it was is an error', async () => {
    const file = { read: async () => [] };
    const queue = new TargetQueue(file, START, () => ({ bytes: 10, open: false }));
    await expect(queue.take(signal)).rejects.toThrow('shorter');
  });
});
