// Loaded into the proxy before anything else (--import): what `src/server/limits.ts` allows clients, in ms, becomes what SHORTER_TIMES
// says, `{"headersTimeout": [before, now], ...}`, in node:http, on sockets and in timers, which is where the program puts it.
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';

const times = JSON.parse(process.env.SHORTER_TIMES);
const byMs = new Map([times.headersTimeout, times.stallTimeout]);
const shorter = (ms) => byMs.get(ms) ?? ms;

const { createServer } = http;
http.createServer = (options, ...rest) => {
  if (typeof options !== 'object') return createServer(options, ...rest);
  const limits = Object.entries(times).filter(([name]) => options[name] !== undefined);
  const short = Object.fromEntries(limits.map(([name, [, now]]) => [name, now]));
  return createServer({ ...options, ...short }, ...rest);
};
syncBuiltinESMExports();

const { setTimeout: onSocket } = Socket.prototype;
Socket.prototype.setTimeout = function (ms, ...rest) {
  return onSocket.call(this, shorter(ms), ...rest);
};

const { setTimeout: timer } = globalThis;
globalThis.setTimeout = Object.assign((task, ms, ...rest) => timer(task, shorter(ms), ...rest), timer);
