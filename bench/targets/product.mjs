// The product as a user starts it: one worker, the access log at its default level (standard output is thrown away).
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ask } from '../lib/ask.mjs';
import { end, launch, SERVER_CORE, until } from '../lib/processes.mjs';

/** More than any run asks for: the origin here has no limits to be kept. */
const NO_LIMITS = { UPSTREAM_RATE: '10000000', UPSTREAM_MAX_CONNECTIONS: '64' };
const MODES = {
  tmdb: (origin) => ({
    TMDB_API_KEY: 'bench',
    TMDB_API_URLS: origin,
    TMDB_IMAGE_URLS: origin,
    CHANGE_FEED: 'false',
  }),
  letter: (origin) => ({ UPSTREAM_TYPE: 'custom', UPSTREAM_SERVERS: origin }),
};

/**
 * @param {{ name: string, title: string, dist?: string, mode?: 'tmdb' | 'letter', env?: Record<string, string> }} settings
 *   `dist`: folder of the build, default that of the run
 * @returns {import('./index.mjs').Target}
 */
export function product({ name, title, dist, mode = 'tmdb', env = {} }) {
  return {
    name,
    title,
    version: (options) => versionOf(dist ?? options.dist),
    start: async (site) => {
      const { folder, port, originPort } = site;
      const origin = `http://127.0.0.1:${originPort}`;
      const settings = {
        PORT: String(port),
        HOST: '127.0.0.1',
        WORKERS: '1',
        USE_REDIS: 'false',
        CACHE_DIR: join(folder, 'store'),
        ...NO_LIMITS,
        ...MODES[mode](origin),
        ...env,
        ...site.env,
        ...site.options.env,
      };
      const main = join(resolve(dist ?? site.options.dist), 'main.js');
      const child = launch(SERVER_CORE, process.execPath, [...(site.nodeFlags ?? []), main, 'serve'], {
        cwd: folder, // a .env of the working directory would be read
        env: { PATH: process.env.PATH, HOME: process.env.HOME, ...settings },
      });
      const url = `http://127.0.0.1:${port}`;
      await until(async () => (await ask(`${url}/readyz`)).status === 200, child, name, { pauseMs: 5 });
      return { name, url, pid: child.pid, stop: () => end(child) };
    },
  };
}

/** Version and commit of a build; undefined: there is none. */
function versionOf(dist) {
  const main = join(resolve(dist), 'main.js');
  if (!existsSync(main)) return undefined;
  const { version } = JSON.parse(readFileSync(join(dirname(resolve(dist)), 'package.json'), 'utf8'));
  return `${version} (${commitOf(dirname(resolve(dist)))})`;
}

function commitOf(folder) {
  try {
    const git = (...args) =>
      execFileSync('git', ['-C', folder, ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    return (
      git('rev-parse', '--short', 'HEAD') +
      (git('status', '--porcelain', '--', 'src') === '' ? '' : ' and changes')
    );
  } catch {
    return 'no repository';
  }
}
