import { end, freePort, LOAD_CORE, launch, until } from './processes.mjs';

/**
 * @typedef {object} Origin
 * @property {number} port
 * @property {string} url
 * @property {() => Promise<number>} count requests so far
 * @property {(settings: { gzip?: boolean, delayMs?: number }) => Promise<void>} set
 * @property {() => Promise<void>} stop
 */

/** @returns {Promise<Origin>} */
export async function startOrigin() {
  const port = await freePort();
  const file = new URL('../origin/main.mjs', import.meta.url).pathname;
  const child = launch(LOAD_CORE, process.execPath, [file], { env: { ...process.env, PORT: String(port) } });
  const url = `http://127.0.0.1:${port}`;
  const ask = async (path) => (await fetch(`${url}/_bench/${path}`)).json();
  await until(async () => 'requests' in (await ask('count')), child, 'the origin');
  return {
    port,
    url,
    count: async () => (await ask('count')).requests,
    set: async ({ gzip = false, delayMs = 0 }) => {
      await ask(`set?gzip=${gzip ? 1 : 0}&delay=${delayMs}`);
    },
    stop: () => end(child),
  };
}
