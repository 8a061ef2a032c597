import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a standard obliges an origin to tell in Vary where it acts on it; of everything else the mirror says nothing. */
export const TOLD = ['Accept', 'Accept-Encoding', 'Accept-Language', 'User-Agent', 'Sec-Fetch-Site', 'Foo'];

/** Differ from one request to the next whoever asks, and choose nothing. */
const OF_ONE_REQUEST = new Set(['x-request-id', 'traceparent', 'tracestate', 'connection', 'content-length']);
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
  close(): void;
}

/** An origin that answers every request with all it can see of it, for an hour and for everybody. */
export async function startMirror(): Promise<Mirror> {
  const raw = new Map<string, string>();
  const server = createServer((request, response) => {
    void viewOf(request).then((view) => {
      const bytes = raw.get(view.target.split('?')[0]!);
      if (bytes !== undefined) return void request.socket.write(bytes, 'latin1');
      const image = view.target.startsWith('/t/p/');
      response.setHeader('Content-Type', image ? 'image/jpeg' : 'application/json');
      response.setHeader('Cache-Control', 'public, max-age=3600');
      response.setHeader('Vary', TOLD);
      const text = Buffer.from(JSON.stringify(view));
      response.end(image ? Buffer.concat([JPEG_START, text]) : text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    raw,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function viewOf(request: IncomingMessage): Promise<View> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const fields = Object.entries(request.headersDistinct).map(([name, lines]) => [name, lines!.join(' | ')]);
  return {
    method: request.method!,
    target: request.url!,
    fields: Object.fromEntries(fields.filter(([name]) => !OF_ONE_REQUEST.has(name!))),
    body: Buffer.concat(chunks).toString('latin1'),
  };
}

/** What the mirror saw of the request that made an answer; undefined of an answer of our own. */
export function reflected(body: Buffer): View | undefined {
  const text = body.toString('utf8');
  const start = text.indexOf('{"method":');
  return start < 0 ? undefined : (JSON.parse(text.slice(start)) as View);
}
