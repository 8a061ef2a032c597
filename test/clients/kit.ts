import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { type ProxyProcess, pointedAt, startProxy } from '../support/proxy-process.js';
import { type Redirected, redirected } from './redirected.js';

/** A proxy key in the form that `tmdb-cache-proxy keys add` prints. */
export const HOUSE_KEY = 'tcp_hous_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG';

/** A sample TMDB for a file's tests, started before them. */
export function sampleTmdb(): () => SampleOrigin {
  let origin: SampleOrigin;
  beforeAll(async () => {
    origin = await startSampleOrigin({});
  });
  afterAll(() => origin.close());
  return () => origin;
}

/** A proxy before it for a group of tests, as a user with a key of his own starts it. */
export function proxyBefore(
  origin: () => SampleOrigin,
  env: () => Record<string, string> | Promise<Record<string, string>> = () => ({}),
): () => ProxyProcess {
  let proxy: ProxyProcess;
  beforeAll(async () => {
    proxy = await startProxy({ env: pointedAt(origin().url, await env()) });
  });
  afterAll(() => proxy.stop());
  return () => proxy;
}

/** The same, and what this process asks of TMDB's hosts goes to it in every test of the group. */
export function redirectedBefore(
  origin: () => SampleOrigin,
  env: Record<string, string> = {},
): () => Redirected {
  const proxy = proxyBefore(origin, () => env);
  let way: Redirected;
  beforeEach(() => {
    way = redirected(proxy().url);
  });
  afterEach(() => way.close());
  return () => way;
}

/** `PROXY_KEYS` for one tenant with this key, and for everybody's images: what cannot send a key asks for no others. */
export function keysWithOpenImages(key: string): string {
  const hash = `sha256:${createHash('sha256').update(key).digest('base64url')}`;
  const dates = { created: '2026-01-15T12:00:00Z', expires: null, revoked: null };
  return JSON.stringify({
    version: 1,
    tenants: {
      house: { keys: [{ id: 'hous', hash, ...dates }] },
      anonymous: { classes: ['image'], keys: [] },
    },
  });
}
