// A bare socket server that answers 10 kB, reading as node:net does and into one buffer (src/server/one-buffer.ts).
// Run: npm run build && node bench/stores/read-buffer.mjs
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { cpuMicrosOfTree } from '../lib/cpu.mjs';
import {
  end,
  freePort,
  launch,
  pinOurselves,
  removeFolder,
  SERVER_CORE,
  temporaryFolder,
} from '../lib/processes.mjs';
import { runWrk } from '../load/wrk.mjs';
import { print } from './common.mjs';

const [, file, way, port] = process.argv;
if (way === undefined) await compare();
else await serve();

async function serve() {
  const { readIntoOneBuffer } = await import('../../dist/server/one-buffer.js');
  const body = Buffer.alloc(10_000, 'x');
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: keep-alive\r\n\r\n`;
  const answer = Buffer.concat([Buffer.from(head), body]);
  createServer({ noDelay: true }, (socket) => {
    const onBytes = (bytes) => {
      if (bytes.toString('latin1').startsWith('GET /')) socket.write(answer);
    };
    socket.on('error', () => {});
    socket.on('data', onBytes);
    if (way === 'one buffer' && !readIntoOneBuffer(socket, onBytes)) throw new Error('not in this Node');
  }).listen(Number(port), '127.0.0.1');
}

async function compare() {
  pinOurselves();
  const found = { 'as node:net reads': [], 'one buffer': [] };
  for (let round = 0; round < 5; round += 1)
    for (const name of Object.keys(found)) found[name].push(await cpuMicros(name));
  const median = (values) => values.sort((a, b) => a - b)[2];
  print(
    Object.entries(found).map(([name, values]) => ({
      reads: name,
      'CPU µs/request': median(values).toFixed(1),
    })),
  );
}

async function cpuMicros(name) {
  const [free, folder] = [await freePort(), temporaryFolder()];
  const child = launch(SERVER_CORE, process.execPath, [file, name, String(free)]);
  try {
    await wait(500);
    const load = { url: `http://127.0.0.1:${free}`, paths: ['/'], headers: {}, connections: 64, folder };
    await runWrk({ ...load, seconds: 1 });
    const before = cpuMicrosOfTree(child.pid);
    const { requests } = await runWrk({ ...load, seconds: 2 });
    return (cpuMicrosOfTree(child.pid) - before) / requests;
  } finally {
    await end(child);
    removeFolder(folder);
  }
}
