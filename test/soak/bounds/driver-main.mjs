// A client in a process of its own: `requests` requests over a tenth as many keys, over `connections` connections, half of them
// with `depth` requests under way at a time. One of ten asks for a key that nobody has asked for yet, the others again for one of the
// last thousand or, one of twenty, of all. Every answer is looked at. Prints a line of JSON at the tenth, waits for a line on standard
// input, and prints one at the end; the tenth and the end are of the requests or of `forMs`, whichever comes first.
import { once } from 'node:events';
import { connect } from 'node:net';

const { port, requests, connections, depth, seed, forMs = Infinity } = JSON.parse(process.argv[2]);
const PAUSE_AT = Math.floor(requests / 10);

const seen = { requests: 0, lost: 0, wrong: 0, why: [] };
let sent = 0;
let keys = 0;
let limit = PAUSE_AT;
/** Not the time in which the driver waits for a line. */
let until = performance.now() + forMs / 10;
let state = seed;

function complain(kind, why) {
  seen[kind]++;
  if (seen.why.length < 5) seen.why.push(`${kind}: ${why}`);
}

/** mulberry32 */
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}

function nextKey() {
  if (sent++ % 10 === 0) return ++keys;
  return random() < 0.95 ? Math.max(1, keys - Math.floor(random() * 1000)) : 1 + Math.floor(random() * keys);
}

class Client {
  #expected = [];
  #text = '';
  #idle = () => {};

  constructor(depth) {
    this.depth = depth;
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (chunk) => this.#read(chunk.toString('latin1')));
    this.socket.on('error', (error) => complain('lost', error.message));
    this.socket.on('close', () => {
      for (const key of this.#expected.splice(0)) complain('lost', `connection closed before ${key}`);
      this.#idle();
    });
  }

  /** Asks until `limit` is reached; resolves when all answers are there. */
  run() {
    return new Promise((resolve) => {
      this.#idle = resolve;
      this.#fill();
    });
  }

  #fill() {
    let text = '';
    if (performance.now() > until) limit = Math.min(limit, sent);
    while (this.#expected.length < this.depth && sent < limit) {
      const key = nextKey();
      this.#expected.push(key);
      text += `GET /3/movie/${key} HTTP/1.1\r\nHost: a\r\n\r\n`;
    }
    if (text !== '') this.socket.write(text);
    else if (this.#expected.length === 0) this.#idle();
  }

  #read(chunk) {
    this.#text += chunk;
    for (;;) {
      const end = this.#text.indexOf('\r\n\r\n');
      if (end < 0) break;
      const length = Number(/\r\nContent-Length: (\d+)/i.exec(this.#text.slice(0, end))?.[1]);
      const whole = end + 4 + length;
      if (!(this.#text.length >= whole)) break;
      this.#judge(this.#text.slice(9, 12), this.#text.slice(end + 4, whole));
      this.#text = this.#text.slice(whole);
    }
    if (this.#expected.length <= this.depth / 2) this.#fill();
  }

  #judge(status, body) {
    const key = this.#expected.shift();
    seen.requests++;
    if (status !== '200') complain('lost', `${status} for ${key}: ${body.slice(0, 200)}`);
    else if (!body.startsWith(`{"id":${key},`))
      complain('wrong', `${key} was answered with ${body.slice(0, 40)}`);
  }
}

const clients = Array.from({ length: connections }, (_, i) => new Client(i % 2 === 0 ? 1 : depth));
await Promise.all(clients.map(({ socket }) => once(socket, 'connect')));
await Promise.all(clients.map((client) => client.run()));
console.log(JSON.stringify({ ...seen, keys }));
await once(process.stdin, 'data');
limit = requests;
until = performance.now() + forMs * 0.9;
await Promise.all(clients.map((client) => client.run()));
console.log(JSON.stringify({ ...seen, keys }));
process.exit(0);
