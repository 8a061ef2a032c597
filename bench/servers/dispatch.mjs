// The least a proxy in Node can do: undici's dispatch, every chunk written on, nothing looked at, nothing stored.
import { createServer } from 'node:http';
import { Agent } from 'undici';

const agent = new Agent({ connections: 64 });
const HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'date']);

function handler(response) {
  return {
    onRequestStart() {},
    onResponseStart(_controller, status, headers) {
      response.writeHead(
        status,
        Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP.has(name))),
      );
    },
    onResponseData: (_controller, chunk) => {
      response.write(chunk);
    },
    onResponseEnd: () => {
      response.end();
    },
    onResponseError: (_controller, error) => {
      response.destroy(error);
    },
  };
}

createServer((incoming, response) => {
  const headers = { 'accept-encoding': incoming.headers['accept-encoding'] ?? 'identity' };
  agent.dispatch(
    { origin: process.env.ORIGIN, path: incoming.url, method: 'GET', headers },
    handler(response),
  );
}).listen(Number(process.env.PORT), '127.0.0.1');
