import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What an origin is obliged to tell in Vary where it acts on it; `Foo` stands for what no standard knows. */
export const TOLD = ['Accept', 'Accept-Encoding', 'Accept-Language', 'User-Agent', 'Sec-Fetch-Site', 'Foo'];

const JPEG_START = Buffer.from('ffd8ffe000104a464946000101', 'hex');

/** Everything an origin can see of a request. */
export interface View {
  readonly method: string;
  readonly target: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Mirror {
  readonly url: string;
  /** Bytes that a target is answered with in place of its image; the connection stays open. */
  readonly raw: Map<string, string>;
  /** Whether it names what is `TOLD` in Vary. It acts on that, and on everything else, in any case. */
  telling: boolean;
  close(): void;
}

/**
 * An origin that answers every request with all it can see of it, for an hour, and seldom says so. It does what a range of bytes asks,
 * as it must: of what is left out of that answer nothing can be told.
 */
export async function startMirror(): Promise<Mirror> {
  const mirror = { raw: new Map<string, string>(), telling: false };
  const server = createServer((request, response) => {
    void viewOf(request).then((view) => {
      const bytes = mirror.raw.get(view.target.split('?')[0]!);
      if (bytes !== undefined) return void request.socket.write(bytes, 'latin1');
      reflect(view, mirror.telling, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(mirror, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  });
}

function reflect(view: View, telling: boolean, response: ServerResponse): void {
  const { range, ...others } = view.fields;
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
  const isPart = view.method === 'GET' && from !== undefined && from + to !== '';
  const text = Buffer.from(JSON.stringify(isPart ? { ...view, fields: others } : view));
  const image = view.target.startsWith('/t/p/');
  const whole = image ? Buffer.concat([JPEG_START, text]) : text;
  response.setHeader('Content-Type', image ? 'image/jpeg' : 'application/json');
  // Not `public`: what somebody with an Authorization is answered is theirs.
  response.setHeader('Cache-Control', 'max-age=3600');
  if (telling) response.setHeader('Vary', TOLD);
  if (!isPart) return void response.end(whole);
  const first = from === '' ? whole.length - Number(to) : Number(from);
  const last = from === '' || to === '' ? whole.length - 1 : Math.min(Number(to), whole.length - 1);
  response.statusCode = 206;
  response.setHeader('Content-Range', `bytes ${first}-${last}/${whole.length}`);
  response.end(whole.subarray(first, last + 1));
}

async function viewOf(request: IncomingMessage): Promise<View> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const fields = Object.entries(request.headersDistinct).map(([name, lines]) => [name, lines!.join(' | ')]);
  fields.sort(([one], [other]) => (one! < other! ? -1 : 1));
  return {
    method: request.method!,
    target: request.url!,
    fields: Object.fromEntries(fields) as View['fields'],
    body: Buffer.concat(chunks).toString('latin1'),
  };
}

/** What the mirror saw of the request that made an answer; undefined of a part of one, and of an answer of our own. */
export function reflected(body: Buffer): View | undefined {
  const text = body.toString('utf8');
  const start = text.indexOf('{"method":');
  if (start < 0) return undefined;
  try {
    return JSON.parse(text.slice(start)) as View;
  } catch {
    return undefined;
  }
}
