import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Answer, Fields, Place, Resource, Seen } from './exchange.js';

/** What the origin is to do for one case, and what it has done. */
export interface Script {
  /** Answers in the order of the requests. */
  readonly answers: Answer[];
  /** Answers whatever else is asked, when set. */
  resource: Resource | undefined;
  readonly seen: Seen[];
  /** Requests that no answer was left for, or none that fits: a 304 to what sets no condition. */
  unexpected: number;
  /** Body of the last answer sent with a status other than 304. */
  lastBody: string;
  sent: number;
}

export interface RfcOrigin {
  readonly url: string;
  /** The script of a case, by the first segment of its path. */
  script(path: string): Script;
  close(): Promise<void>;
}

/** An origin that does what each case's script says: interim responses, lies, cut bodies and closed connections. */
export async function startRfcOrigin(): Promise<RfcOrigin> {
  const scripts = new Map<string, Script>();
  const script = (path: string): Script => {
    let found = scripts.get(path);
    if (found === undefined) {
      found = { answers: [], resource: undefined, seen: [], unexpected: 0, lastBody: '', sent: 0 };
      scripts.set(path, found);
    }
    return found;
  };
  const server = createServer((request, response) => {
    request.resume();
    request.once('end', () => {
      const path = `/${/^\/([^/?]*)/.exec(request.url ?? '/')![1]}`;
      const own = script(path);
      const seen = seenOf(request);
      own.seen.push(seen);
      play(response, nextAnswer(own, seen), own, { origin: url, path });
    });
  });
  // A POST on a connection that ends in this moment is a 502, as it must be: nothing here is idle for so long.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    script,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function nextAnswer(script: Script, seen: Seen): Answer {
  const answer = script.resource === undefined ? script.answers.shift() : script.resource(seen);
  const conditional = seen.fields['if-none-match'] ?? seen.fields['if-modified-since'];
  if (answer?.status === 304 && conditional === undefined) script.unexpected += 1;
  if (answer !== undefined) return answer;
  script.unexpected += 1;
  return { fields: { 'Cache-Control': 'no-store' }, body: 'nobody was to ask' };
}

function seenOf(request: IncomingMessage): Seen {
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) fields[name] = String(value);
  return { method: request.method ?? '', target: request.url ?? '', fields };
}

function play(response: ServerResponse, answer: Answer, script: Script, place: Place): void {
  const { socket } = response;
  if (socket === null || answer.fate === 'close') {
    socket?.destroy();
    return;
  }
  if (answer.raw !== undefined) {
    socket.end(Buffer.from(answer.raw, 'latin1'));
    return;
  }
  script.sent += 1;
  const status = answer.status ?? 200;
  const body = answer.body ?? `body ${script.sent}`;
  if (status !== 304) script.lastBody = body;
  for (const { status: interim, fields } of answer.interim ?? []) {
    socket.write(`HTTP/1.1 ${interim} Interim\r\n${printed(linesOf(fields, place))}\r\n`, 'latin1');
  }
  const bytes = Buffer.from(body, 'latin1');
  const lines = linesOf(answer.fields ?? {}, place);
  const named = new Set(lines.map(([name]) => name.toLowerCase()));
  const framed = ['content-length', 'transfer-encoding'].some((name) => named.has(name));
  if (answer.trailers === undefined && !framed && status !== 204 && status !== 304) {
    lines.push(['Content-Length', String(bytes.length)]);
  }
  if (answer.noDate) response.sendDate = false;
  response.writeHead(status, lines.flat());
  if (answer.fate === 'cut') {
    response.write(bytes.subarray(0, bytes.length / 2), () => socket.destroy());
    return;
  }
  response.write(bytes);
  if (answer.trailers !== undefined) response.addTrailers(linesOf(answer.trailers, place));
  response.end();
}

/** Fields as they go on the wire, one pair for each line. */
export function linesOf(fields: Fields, place: Place): [string, string][] {
  return Object.entries(fields).flatMap(([name, value]): [string, string][] => {
    if (typeof value === 'function') return [[name, value(place)]];
    return typeof value === 'string' ? [[name, value]] : value.map((line): [string, string] => [name, line]);
  });
}

function printed(lines: readonly [string, string][]): string {
  return lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
}
