import { describe, expect, it } from 'vitest';
import { MOST_WATCHERS, NEWS_MS, Watchers } from '../../../src/dashboard/watchers.js';
import type { Watched } from '../../../src/dashboard/wire.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

function kit() {
  const clock = new FakeClock();
  const asked: number[] = [];
  const state = { seq: 1, ready: true, ended: [] as string[], away: false, apiKey: 'the first key' };
  const watchers = new Watchers({
    clock,
    ready: () => state.ready,
    apiKey: () => state.apiKey,
    watching: {
      watch: async (after): Promise<Watched> => {
        asked.push(after);
        if (state.away) throw new Error('the core is away');
        return { seq: state.seq, samples: [], state: {}, failed: [] };
      },
      endSession: async () => {},
      endedSessions: async (ids) => ids.filter((id) => state.ended.includes(id)),
    },
  });
  const turn = async () => {
    clock.advance(NEWS_MS);
    await settle();
  };
  return { clock, asked, state, watchers, turn };
}

/** What a stream has sent so far; `over` once it has ended. */
function listen(response: Response) {
  const reader = response.body!.getReader();
  const heard = { events: [] as number[], over: false, leave: () => reader.cancel() };
  const read = async () => {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const data = /^data: (.*)$/m.exec(Buffer.from(value).toString())?.[1];
      if (data !== undefined) heard.events.push((JSON.parse(data) as Watched).seq);
    }
    heard.over = true;
  };
  void read();
  return heard;
}

describe('those who watch a process', () => {
  it('hear news when there are some, and nothing when there are none', async () => {
    const { state, watchers, turn } = kit();
    const heard = listen(watchers.watch(undefined)!);
    await settle();
    await turn();
    await turn();
    state.seq = 2;
    await turn();
    expect(heard.events).toEqual([1, 2]);
  });

  it('share one question when they know the same', async () => {
    const { asked, watchers, state, turn } = kit();
    const all = Array.from({ length: 20 }, () => listen(watchers.watch(undefined)!));
    await settle();
    asked.length = 0;
    state.seq = 5;
    await turn();
    expect(asked.filter((after) => after === 1)).toHaveLength(1);
    expect(all.every(({ events }) => events.at(-1) === 5)).toBe(true);
  });

  it('are so many and no more, and make room when they leave', async () => {
    const { watchers, turn } = kit();
    const all = Array.from({ length: MOST_WATCHERS }, () => listen(watchers.watch(undefined)!));
    expect(watchers.watch(undefined)).toBeUndefined();
    await settle();
    await all[0]!.leave();
    expect(watchers.watch(undefined)).toBeDefined();
    await turn();
  });

  it('cost nothing once the last has left', async () => {
    const { asked, watchers, turn } = kit();
    const heard = listen(watchers.watch(undefined)!);
    await settle();
    await heard.leave();
    expect(watchers.size).toBe(0);
    await turn();
    asked.length = 0;
    for (let i = 0; i < 5; i++) await turn();
    expect(asked).toEqual([]);
  });

  it('do not hold up a process that stops', async () => {
    const { state, watchers, turn } = kit();
    const heard = listen(watchers.watch(undefined)!);
    await settle();
    state.ready = false;
    await turn();
    await settle();
    expect(heard.over).toBe(true);
    expect(watchers.size).toBe(0);
  });

  it('are cut when the admin key they were opened with is no longer the admin key', async () => {
    const { clock, state, watchers, turn } = kit();
    const before = listen(watchers.watch({ id: 'one', until: clock.now() + 60_000 })!);
    await settle();
    state.apiKey = 'the second key';
    const after = listen(watchers.watch({ id: 'two', until: clock.now() + 60_000 })!);
    await settle();
    await turn();
    await settle();
    expect([before.over, after.over]).toEqual([true, false]);
  });

  it('are cut when their session runs out or is ended elsewhere', async () => {
    const { clock, state, watchers, turn } = kit();
    const brief = listen(watchers.watch({ id: 'brief', until: clock.now() + 1500 })!);
    const ended = listen(watchers.watch({ id: 'ended', until: clock.now() + 60_000 })!);
    const other = listen(watchers.watch({ id: 'other', until: clock.now() + 60_000 })!);
    await settle();
    await turn();
    expect([brief.over, ended.over, other.over]).toEqual([false, false, false]);
    state.ended.push('ended');
    await turn();
    await settle();
    expect([brief.over, ended.over, other.over]).toEqual([true, true, false]);
  });

  it('wait when the core does not answer, and hear of it when it does', async () => {
    const { state, watchers, turn } = kit();
    state.away = true;
    const heard = listen(watchers.watch(undefined)!);
    await settle();
    await turn();
    expect(heard).toMatchObject({ events: [], over: false });
    state.away = false;
    await turn();
    expect(heard.events).toEqual([1]);
  });
});
