// The bound of node:http: headers and body prebuilt, found by the address. Asks the origin once for each.
import { createServer } from 'node:http';
import { request } from 'undici';

const origin = process.env.ORIGIN;
/** @type {Map<string, { fields: string[], notModified: string[], etag: string, body: Buffer, status: number }>} */
const answers = new Map();
const KEPT = ['content-type', 'cache-control', 'etag', 'vary', 'content-encoding'];

async function fill(incoming, response) {
  const { statusCode, headers, body } = await request(origin + incoming.url, {
    headers: { 'accept-encoding': incoming.headers['accept-encoding'] ?? 'identity' },
  });
  const bytes = Buffer.from(await body.arrayBuffer());
  const notModified = KEPT.filter((name) => name in headers).flatMap((name) => [name, String(headers[name])]);
  const fields = [...notModified, 'content-length', String(bytes.length)];
  const answer = { fields, notModified, etag: headers.etag, body: bytes, status: statusCode };
  if (statusCode === 200) answers.set(incoming.url, answer);
  send(incoming, response, answer);
}

function send(incoming, response, answer) {
  if (answer.etag === incoming.headers['if-none-match'] && answer.etag !== undefined) {
    response.writeHead(304, answer.notModified);
    response.end();
    return;
  }
  response.writeHead(answer.status, answer.fields);
  response.end(answer.body);
}

createServer((incoming, response) => {
  const answer = answers.get(incoming.url);
  if (answer !== undefined) send(incoming, response, answer);
  else
    fill(incoming, response).catch((error) => {
      console.error(error);
      response.destroy();
    });
}).listen(Number(process.env.PORT), '127.0.0.1');
