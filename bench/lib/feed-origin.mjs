import { once } from 'node:events';
import { end, LOAD_CORE, launch } from './processes.mjs';

/**
 * @typedef {object} FeedOrigin the sample TMDB, in a process of its own
 * @property {number} port
 * @property {(id: number, patch: Record<string, string>) => void} edit
 * @property {() => void} reset forgets the requests so far
 * @property {() => Promise<{ titles: number, unchanged: number, feed: number, other: number }>} counts requests since
 * @property {() => Promise<void>} stop
 */

/** @param {{ dist: string, titles: number }} settings @returns {Promise<FeedOrigin>} */
export async function startFeedOrigin(settings) {
  const file = new URL('./feed-origin-main.mjs', import.meta.url).pathname;
  const child = launch(LOAD_CORE, process.execPath, [file, JSON.stringify(settings)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error('the sample origin ended');
  });
  ended.catch(() => {}); // it does, at the end
  const answer = async () => (await Promise.race([once(child, 'message'), ended]))[0];
  const { port } = await answer();
  return {
    port,
    edit: (id, patch) => child.send({ edit: { id, patch } }),
    reset: () => child.send({ reset: true }),
    counts: async () => {
      const told = answer();
      child.send({ ask: true });
      return (await told).counts;
    },
    stop: () => end(child),
  };
}
