// For scenarios that steer a target by hand.

import { targetNamed } from '../targets/index.mjs';
import { freePort, removeFolder, temporaryFolder } from './processes.mjs';

/**
 * Starts a target in a folder of its own, which goes when it stops.
 * @param {string} name @param {import('./run.mjs').Run} run
 * @param {{ env?: Record<string, string>, nodeFlags?: readonly string[], paths?: readonly string[] }} [site]
 * @returns {Promise<import('../targets/index.mjs').Running & { folder: string }>}
 */
export async function startTarget(name, { origin, options }, { env = {}, nodeFlags = [], paths = [] } = {}) {
  const folder = temporaryFolder();
  const port = await freePort();
  const running = await targetNamed(name).start({
    folder,
    port,
    originPort: origin.port,
    paths,
    env,
    nodeFlags,
    options,
  });
  const stop = async () => {
    await running.stop();
    removeFolder(folder);
  };
  return { ...running, folder, stop };
}

/** Of these targets those that are here. @param {readonly string[]} names @param {import('./arguments.mjs').Options} options */
export function startable(names, options) {
  return names.filter((name) => targetNamed(name).version(options) !== undefined);
}
