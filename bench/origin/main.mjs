// The bench's origin: `PORT=… node bench/origin/main.mjs`. Counts what it was asked; `/_bench/set?gzip=1&delay=100` steers it.
import { createServer } from 'node:http';
import { answerOf, gzipOf } from './bodies.mjs';

let requests = 0;
let gzip = false;
let delayMs = 0;

const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  const target = request.url ?? '/';
  if (target.startsWith('/_bench/')) return steer(target, response);
  requests += 1;
  if (delayMs === 0) deliver(request, response, target);
  else setTimeout(deliver, delayMs, request, response, target);
});

function steer(target, response) {
  const asked = new URL(target, 'http://x').searchParams;
  if (asked.has('gzip')) gzip = asked.get('gzip') === '1';
  if (asked.has('delay')) delayMs = Number(asked.get('delay'));
  response.end(JSON.stringify({ requests }));
}

function deliver(request, response, target) {
  const answer = answerOf(target);
  if (answer === undefined) {
    response.writeHead(404, { 'content-type': 'application/json' }).end('{"success":false,"status_code":34}');
    return;
  }
  const coded = gzip && answer.json && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  const etag = coded ? `${answer.etag.slice(0, -1)}-gzip"` : answer.etag;
  const fields = ['Content-Type', answer.type, 'Cache-Control', 'public, max-age=3600', 'ETag', etag];
  if (gzip && answer.json) fields.push('Vary', 'Accept-Encoding');
  if (coded) fields.push('Content-Encoding', 'gzip');
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, fields).end();
    return;
  }
  const body = coded ? gzipOf(answer) : Buffer.concat([answer.prefix, answer.rest]);
  response.writeHead(200, [...fields, 'Content-Length', String(body.length)]);
  response.end(request.method === 'HEAD' ? undefined : body);
}

server.listen(Number(process.env.PORT), '127.0.0.1');
