// undici's cache interceptor with its store in memory, behind node:http.
import { createServer } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Agent, cacheStores, interceptors } from 'undici';

const store = new cacheStores.MemoryCacheStore({
  maxSize: 256 * 1024 * 1024,
  maxCount: 1_000_000,
  maxEntrySize: 40_000_000,
});
const agent = new Agent().compose(interceptors.cache({ store }));
const FORWARDED = ['accept-encoding', 'if-none-match'];
const HOP = new Set(['connection', 'keep-alive', 'transfer-encoding']);

async function answer(incoming, response) {
  const asked = FORWARDED.filter((name) => name in incoming.headers);
  const { statusCode, headers, body } = await agent.request({
    origin: process.env.ORIGIN,
    path: incoming.url,
    method: 'GET',
    headers: Object.fromEntries(asked.map((name) => [name, incoming.headers[name]])),
  });
  const fields = Object.entries(headers).filter(([name, value]) => !HOP.has(name) && value !== undefined);
  response.writeHead(statusCode, Object.fromEntries(fields));
  await pipeline(body, response);
}

createServer((incoming, response) => {
  answer(incoming, response).catch(() => response.destroy());
}).listen(Number(process.env.PORT), '127.0.0.1');
