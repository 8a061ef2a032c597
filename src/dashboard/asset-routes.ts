import type { Hono } from 'hono';
import { codingWeight } from '../http/content-coding.js';
import type { Assets } from './assets.js';
import type { DashboardEnv } from './env.js';

/** Files of the page: open to everyone, they are the same for all installations. Must stand before the door. */
export function assetRoutes(app: Hono<DashboardEnv>, assets: () => Promise<Assets>): void {
  app.get('/dashboard/assets/:name', async (c) => {
    const asset = (await assets()).all.get(c.req.path);
    if (asset === undefined) return c.notFound();
    c.header('content-type', asset.type);
    c.header('cache-control', 'public, max-age=31536000, immutable');
    c.header('vary', 'Accept-Encoding');
    if (codingWeight(c.req.header('accept-encoding') ?? '', 'gzip') === 0)
      return c.body(bytesOf(asset.bytes));
    c.header('content-encoding', 'gzip');
    return c.body(bytesOf(await asset.gzipped()));
  });
}

/** Hono takes bytes that own their memory. */
export function bytesOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
