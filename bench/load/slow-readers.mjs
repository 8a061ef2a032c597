// Clients that read slowly, for ever: settings as JSON in the first argument; prints `ready` when all are reading.
import { connect } from 'node:net';

const { url, path, clients } = JSON.parse(process.argv[2]);
const { hostname, port, host } = new URL(url);
const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const BYTES_PER_TURN = 1000;
const TURN_MS = 100;
const sockets = [];

function open() {
  const socket = connect({ host: hostname, port: Number(port), highWaterMark: BYTES_PER_TURN });
  sockets.push(socket);
  let answered = false;
  socket.on('readable', () => {
    if (answered) return;
    answered = true;
    ready();
  });
  socket.on('error', () => {}); // the server may close on who reads too slowly
  socket.once('connect', () => socket.write(request));
}

let reading = 0;
function ready() {
  reading += 1;
  if (reading === clients) process.stdout.write('ready\n');
}

for (let i = 0; i < clients; i += 1) open();
setInterval(() => {
  for (const socket of sockets) socket.read(BYTES_PER_TURN);
}, TURN_MS);
