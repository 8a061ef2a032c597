// bentocache in memory, values kept as they are (serialize: false, which bounds by number only), getOrSet around undici, behind node:http.
import { createServer } from 'node:http';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { request } from 'undici';

const store = bentostore().useL1Layer(memoryDriver({ maxItems: 100_000, serialize: false }));
const bento = new BentoCache({ default: 'memory', stores: { memory: store } });
const KEPT = ['content-type', 'cache-control', 'etag', 'vary', 'content-encoding'];

async function fetchOne(incoming) {
  const { statusCode, headers, body } = await request(process.env.ORIGIN + incoming.url, {
    headers: { 'accept-encoding': incoming.headers['accept-encoding'] ?? 'identity' },
  });
  const bytes = Buffer.from(await body.arrayBuffer());
  const fields = KEPT.filter((name) => name in headers).flatMap((name) => [name, String(headers[name])]);
  return { status: statusCode, etag: headers.etag, fields, body: bytes };
}

async function answer(incoming, response) {
  const entry = await bento.getOrSet({ key: incoming.url, ttl: '1h', factory: () => fetchOne(incoming) });
  if (entry.etag !== undefined && incoming.headers['if-none-match'] === entry.etag) {
    response.writeHead(304, entry.fields).end();
    return;
  }
  response.writeHead(entry.status, [...entry.fields, 'content-length', String(entry.body.length)]);
  response.end(entry.body);
}

createServer((incoming, response) => {
  answer(incoming, response).catch((error) => {
    console.error(error);
    response.destroy();
  });
}).listen(Number(process.env.PORT), '127.0.0.1');
