import { describe, expect, it } from 'vitest';
import { ProxyError } from '../../../src/errors.js';
import { settle } from '../../support/fake-clock.js';
import { begun } from './begun.js';
import { DAY } from './feed-kit.js';

describe('the cover', () => {
  it('is told again before it ends, however often the lists are read', async () => {
    const { feed, clock, covers } = await begun({ intervalMs: 800 });
    feed.start();
    for (let i = 0; i < 300; i++) {
      clock.advance(200);
      await settle(30);
    }
    // What a worker was told last is what it goes by.
    expect(feed.cover()!.until - covers.at(-1)!.until).toBeLessThan(1000);
    expect(covers.length).toBeLessThan(100);
    await feed.close();
  });
});

it('a feed that is closed asks nobody any more, and ends while it waits for an answer', async () => {
  const { lists, feed, clock, changes } = await begun();
  let answer = () => {};
  lists.before = () => new Promise<void>((resolve) => (answer = resolve));
  feed.start();
  clock.advance(1);
  await settle();
  const closed = feed.close();
  answer();
  await closed;
  const asked = lists.asked.length;
  clock.advance(DAY);
  await settle();
  expect(lists.asked.length).toBe(asked);
  expect(changes).toEqual([]);
});

it('what a message says holds no secret: it names the list, not the address', async () => {
  const { lists, poll } = await begun();
  lists.instead = () => ({ status: 401 });
  const error = await poll().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ProxyError);
  expect((error as Error).message).toBe('the list of changed movies, page 1: TMDB refuses the key (401)');
});
