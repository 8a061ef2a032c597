// Run by open-loop.mjs: settings as JSON in the first argument, a LoadResult on standard output.
import { once } from 'node:events';
import { connect } from 'node:net';
import { build } from 'hdr-histogram-js';
import { seeded } from '../lib/statistics.mjs';
import { AnswerReader } from './answer-reader.mjs';

const { url, path, headers, connections, seconds, rate } = JSON.parse(process.argv[2]);
const { hostname, port, host } = new URL(url);
const fields = Object.entries({ Host: host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
const bytes = Buffer.from(`GET ${path} HTTP/1.1\r\n${fields.join('')}\r\n`);
/** A tenth of the time is not counted: compilers and caches of both sides are cold. */
const WARM_UP = 0.1;

const random = seeded(4711);
const latencies = build({
  lowestDiscernibleValue: 1,
  highestTrackableValue: 60_000_000,
  numberOfSignificantValueDigits: 3,
});
const idle = [];
/** Intended times of requests that found no free connection, oldest first. */
const waiting = [];
let taken = 0;
const counts = { requests: 0, bad: 0, failed: 0 };
const nowMicros = () => performance.now() * 1000;

async function open() {
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  await once(socket, 'connect');
  const line = { socket, intended: 0 };
  const reader = new AnswerReader((status) => finish(line, status));
  socket.on('data', (chunk) => reader.read(chunk));
  socket.on('error', () => {}); // told by 'close'
  socket.on('close', () => {
    if (!stopping) counts.failed += 1;
  });
  return line;
}

function finish(line, status) {
  counts.requests += 1;
  if (status >= 400) counts.bad += 1;
  if (line.intended >= countFrom) latencies.recordValue(Math.max(1, Math.round(nowMicros() - line.intended)));
  if (taken < waiting.length) send(line, waiting[taken++]);
  else idle.push(line);
}

function send(line, intended) {
  line.intended = intended;
  line.socket.write(bytes);
}

let stopping = false;
idle.push(...(await Promise.all(Array.from({ length: connections }, open))));
const started = nowMicros();
const until = started + seconds * 1e6;
const countFrom = started + seconds * 1e6 * WARM_UP;
let next = started;

/** Sends what is due. It spins instead of sleeping: timers are a millisecond late, and this core is the load's own. */
function turn() {
  const now = nowMicros();
  while (next <= now && next < until) {
    const line = idle.pop();
    if (line === undefined) waiting.push(next);
    else send(line, next);
    next += (-Math.log(random()) * 1e6) / rate; // Poisson arrivals, the same on every run
  }
  // What is under way at the end counts too, or the slowest would be left out; 10 s at most.
  const busy = idle.length < connections;
  if (now < until || (busy && now < until + 10e6)) setImmediate(turn);
  else report();
}

function report() {
  stopping = true;
  counts.failed += waiting.length - taken + (connections - idle.length);
  const at = (percentile) => latencies.getValueAtPercentile(percentile);
  const micros = nowMicros() - started;
  const result = { tool: 'open loop', ...counts, micros, p50: at(50), p99: at(99), p999: at(99.9) };
  process.stdout.write(JSON.stringify(result), () => process.exit(0));
}

turn();
