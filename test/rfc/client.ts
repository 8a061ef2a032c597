import { request as httpRequest } from 'node:http';

/** Fields in lower case; lines of one name are joined, as any recipient may. */
export type Received = Readonly<Record<string, string>>;

export interface Reply {
  readonly status: number;
  readonly fields: Received;
  readonly trailers: Received;
  readonly text: string;
  readonly interim: readonly { readonly status: number; readonly fields: Received }[];
  /** The connection ended before the body did. */
  readonly broken: boolean;
}

/** One request on a connection of its own. A connection that ends before the head is a reply of status 0. */
export function ask(
  url: string,
  options: { method: string; lines: readonly [string, string][]; body?: string | undefined },
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string[]> = {};
    for (const [name, value] of options.lines) {
      headers[name] ??= [];
      headers[name].push(value);
    }
    // Node frames the body of a POST, but not that of a DELETE.
    if (options.body !== undefined) headers['Content-Length'] = [String(Buffer.byteLength(options.body))];
    const interim: { status: number; fields: Received }[] = [];
    const request = httpRequest(url, { method: options.method, headers, agent: false, timeout: 20_000 });
    request.on('information', ({ statusCode, rawHeaders }) => {
      interim.push({ status: statusCode, fields: joined(rawHeaders) });
    });
    request.on('timeout', () => request.destroy(new Error('no answer within 20 s')));
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET') return reject(error);
      resolve({ status: 0, fields: {}, trailers: {}, text: error.message, interim, broken: true });
    });
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      const done = (broken: boolean) =>
        resolve({
          status: response.statusCode ?? 0,
          fields: joined(response.rawHeaders),
          trailers: joined(response.rawTrailers),
          text: Buffer.concat(chunks).toString('latin1'),
          interim,
          broken,
        });
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => done(true));
      response.on('end', () => done(!response.complete));
    });
    request.end(options.body);
  });
}

function joined(raw: readonly string[]): Received {
  const fields: Record<string, string> = {};
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    fields[name] = fields[name] === undefined ? raw[i + 1]! : `${fields[name]}, ${raw[i + 1]}`;
  }
  return fields;
}
