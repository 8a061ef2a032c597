import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { listening } from './listening.js';

/** One request as it came over the wire. */
export interface Arrived {
  readonly method: string;
  /** Without the proxy's own key. */
  readonly target: string;
  /** `Name: value`, in their order. */
  readonly lines: readonly string[];
  readonly body: string;
}

export interface RecordingOrigin {
  readonly url: string;
  /** Requests since it was last asked. */
  take(): Arrived[];
  /** What came that is no request to the letter of RFC 9112, since the start. */
  readonly malformed: string[];
  /** Connections that are open. */
  readonly connections: number;
  /** Those of them on which a request has begun and is not whole. */
  readonly halfAsked: number;
  close(): Promise<void>;
}

const REQUEST_LINE = /^([A-Z]+) (\/[!-~]*) HTTP\/1\.1$/;
const FIELD_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t -~\x80-\xff]*$/;
const OWN_KEY = /[?&]api_key=proxy-own-key$/;
const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0]);
const MIB = 1024 * 1024;
/** By a word in the target; `huge` is more than is stored. */
const SIZES = { big: 3 * MIB, huge: 24 * MIB, usual: 20_000 };

/** What this origin says to a request: made of method and target alone, so that anybody can tell whether bytes are another's. */
export function bodyFor(method: string, target: string): Buffer {
  if (!target.startsWith('/t/p/')) {
    return Buffer.from(JSON.stringify({ id: 550, method, target, overview: overviewOf(target) }));
  }
  const unit = Buffer.from(`${target}\n`);
  const size = (['big', 'huge'] as const).find((word) => target.includes(word)) ?? 'usual';
  const bytes = SIZES[size];
  return Buffer.concat([JPEG, Buffer.alloc(bytes - JPEG.length, unit)]);
}

/** Of a random key (`?cb=`) one that takes room: it can hardly be compressed. */
function overviewOf(target: string): string {
  if (!target.includes('cb=')) return `${target} `.repeat(20).slice(0, 2000);
  return createHash('shake256', { outputLength: 6000 }).update(target).digest('base64');
}

/** An origin that reads requests by a strict grammar of its own, and writes down every one. */
export async function startRecordingOrigin(): Promise<RecordingOrigin> {
  let arrived: Arrived[] = [];
  const malformed: string[] = [];
  /** With what has come of a request that is not whole. */
  const sockets = new Map<Socket, string>();
  const server = createServer((socket) => {
    sockets.set(socket, '');
    let pending = '';
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setEncoding('latin1').on('data', (text: string) => {
      pending += text;
      for (;;) {
        const read = readRequest(pending);
        if (read === 'more') {
          if (sockets.has(socket)) sockets.set(socket, pending);
          return;
        }
        if (typeof read === 'string') {
          malformed.push(`${read}: ${JSON.stringify(pending.slice(0, 400))}`);
          socket.destroy();
          return;
        }
        pending = pending.slice(read.length);
        arrived.push(read.request);
        answer(socket, read.request);
      }
    });
  });
  const url = await listening(server);
  return {
    url,
    malformed,
    take: () => {
      const taken = arrived;
      arrived = [];
      return taken;
    },
    get connections() {
      return sockets.size;
    },
    get halfAsked() {
      return [...sockets.values()].filter((pending) => pending !== '').length;
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of sockets.keys()) socket.destroy();
      }),
  };
}

/** The first request of these bytes and its length, `more` if it is not whole, or what is wrong with it. */
function readRequest(text: string): { request: Arrived; length: number } | string {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return text.length > 200_000 ? 'a head without end' : 'more';
  const [first, ...lines] = text.slice(0, end).split('\r\n');
  const line = REQUEST_LINE.exec(first!);
  if (line === null) return 'no request line';
  if (!lines.every((field) => FIELD_LINE.test(field))) return 'a line that is no field';
  const valuesOf = (name: string) =>
    lines
      .filter((field) => field.toLowerCase().startsWith(`${name}: `))
      .map((field) => field.slice(name.length + 2));
  const [lengths, codings, hosts] = ['content-length', 'transfer-encoding', 'host'].map(valuesOf) as [
    string[],
    string[],
    string[],
  ];
  if (hosts.length !== 1) return 'not one Host';
  if (lengths.length + codings.length > 1) return 'two framings';
  if (lengths.length > 0 && !/^\d+$/.test(lengths[0]!)) return 'a length that is none';
  if (codings.length > 0 && codings[0] !== 'chunked') return 'a coding that is none';
  const body =
    codings.length > 0 ? readChunks(text, end + 4) : readLength(text, end + 4, Number(lengths[0] ?? 0));
  if (typeof body === 'string') return body;
  const target = line[2]!.replace(OWN_KEY, '');
  return { request: { method: line[1]!, target, lines, body: body.bytes }, length: body.end };
}

function readLength(text: string, from: number, length: number): { bytes: string; end: number } | 'more' {
  return text.length < from + length
    ? 'more'
    : { bytes: text.slice(from, from + length), end: from + length };
}

function readChunks(text: string, from: number): { bytes: string; end: number } | string {
  let bytes = '';
  for (let at = from; ; ) {
    const line = text.indexOf('\r\n', at);
    if (line < 0) return 'more';
    const size = text.slice(at, line);
    if (!/^[0-9a-f]{1,8}$/i.test(size)) return 'a chunk without size';
    const end = line + 2 + Number.parseInt(size, 16);
    if (text.length < end + 2) return 'more';
    if (text.slice(end, end + 2) !== '\r\n') return 'a chunk longer than it says';
    if (end === line + 2) return { bytes, end: end + 2 };
    bytes += text.slice(line + 2, end);
    at = end + 2;
  }
}

function answer(socket: Socket, { method, target }: Arrived): void {
  const body = bodyFor(method, target);
  const type = target.startsWith('/t/p/') ? 'image/jpeg' : 'application/json;charset=utf-8';
  socket.write(
    `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nCache-Control: public, max-age=3600\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
  if (method !== 'HEAD') socket.write(body);
}
