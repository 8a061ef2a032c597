import { loadConfig } from '../../../src/config/load.js';
import { createTmdbPolicy } from '../../../src/tmdb/policy.js';

const { config } = loadConfig({
  env: {},
  cwd: '/',
  readFile: () => {
    throw Object.assign(new Error('none'), { code: 'ENOENT' });
  },
});

/** TMDB as a proxy with a key of its own sees it. */
export const tmdb = createTmdbPolicy({
  kind: 'tmdb',
  ttlPolicy: 'content-type',
  classes: config.cache.classes,
  credentials: [{ kind: 'v3', value: 'proxy-own-key' }],
  cacheEnabled: true,
  userAgent: 'test',
  viaPseudonym: 'test',
});

export async function* bytesOf(...parts: readonly (string | Buffer)[]): AsyncIterable<Buffer> {
  for (const part of parts) yield Buffer.from(part);
}

export async function gathered<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
