// Servers in Node, one small file each in bench/servers.
import { readFileSync } from 'node:fs';
import { ask } from '../lib/ask.mjs';
import { end, launch, SERVER_CORE, until } from '../lib/processes.mjs';

/** @param {string} name of an installed package */
export function packageVersion(name) {
  return JSON.parse(readFileSync(new URL(`../../node_modules/${name}/package.json`, import.meta.url), 'utf8'))
    .version;
}

/** @param {string} name @param {string} title @param {string} file @param {readonly string[]} packages */
function nodeServer(name, title, file, packages) {
  const versions = () =>
    [`Node ${process.versions.node}`, ...packages.map((p) => `${p} ${packageVersion(p)}`)].join(', ');
  return {
    name,
    title,
    version: versions,
    start: async ({ port, originPort }) => {
      const main = new URL(`../servers/${file}`, import.meta.url).pathname;
      const env = { ...process.env, PORT: String(port), ORIGIN: `http://127.0.0.1:${originPort}` };
      const child = launch(SERVER_CORE, process.execPath, [main], {
        env,
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      const url = `http://127.0.0.1:${port}`;
      await until(async () => (await ask(`${url}/up`)).status > 0, child, name);
      return { name, url, pid: child.pid, stop: () => end(child) };
    },
  };
}

/** @type {readonly import('./index.mjs').Target[]} */
export const nodeTargets = [
  nodeServer('raw-node', 'raw node:http', 'raw.mjs', []),
  nodeServer('hono', 'Hono and lru-cache', 'hono.mjs', ['hono', '@hono/node-server', 'lru-cache']),
  nodeServer('bentocache', 'bentocache behind node:http', 'bentocache.mjs', ['bentocache']),
  nodeServer('undici-cache', 'undici cache interceptor', 'undici-cache.mjs', ['undici']),
  nodeServer('dispatch', 'undici dispatch, nothing stored', 'dispatch.mjs', ['undici']),
];
