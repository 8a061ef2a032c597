import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSampleOrigin } from './demo/index.js';
import { serve } from './serve-command.js';

/** The sample TMDB and the proxy in front of it, with a store that is gone afterwards. The environment may overrule. */
export async function demo(): Promise<void> {
  const origin = await startSampleOrigin({});
  const directory = mkdtempSync(join(tmpdir(), 'tmdb-cache-proxy-demo-'));
  // However it ends: where it can't serve the process exits at once.
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const env = {
    USE_REDIS: 'false',
    CACHE_DIR: directory,
    LOG_LEVEL: 'warn',
    ...process.env,
    TMDB_API_URLS: origin.url,
    TMDB_IMAGE_URLS: origin.url,
    TMDB_API_KEY: 'demo',
    TMDB_EXPORT_URL: origin.url,
  };
  await serve({
    env,
    onReady: ({ addresses }) => process.stdout.write(welcome(addresses.main, origin.url)),
    onStop: () => origin.close(),
  });
}

function welcome(proxy: string, origin: string): string {
  return `
Sample TMDB   ${origin}
Proxy         ${proxy}   (API under /3, images under /t/p)

Try, twice each, and look at X-Cache and Age:
  curl -i '${proxy}/3/movie/550?language=en-US'
  curl -so /dev/null -D - ${proxy}/t/p/w500/sample.jpg
  curl -s ${proxy}/stats

Ctrl-C stops both.
`;
}
