import { connect, type Socket } from 'node:net';
import { readExposition } from '../../support/exposition.js';
import { get } from '../../support/raw-client.js';

export interface Reply {
  readonly status: number;
  /** Field lines, lower-cased names. */
  readonly head: string;
  readonly body: string;
}

/** One connection that is asked by raw bytes; its answers are cut by Content-Length. */
export class Client {
  readonly socket: Socket;
  #text = '';
  #over = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#text += chunk.toString('latin1');
      this.#wake();
    });
    socket.on('error', () => {});
    for (const event of ['end', 'close'])
      socket.on(event, () => {
        this.#over = true;
        this.#wake();
      });
  }

  /** @param from a loopback address: clients are told apart by theirs */
  static open(port: number, from = '127.0.0.1'): Promise<Client> {
    return new Promise((resolve, reject) => {
      const host = from.includes(':') ? '::1' : '127.0.0.1';
      const socket = connect({ port, host, localAddress: from, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => resolve(new Client(socket)));
    });
  }

  send(...paths: readonly string[]): void {
    this.socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
  }

  /** The next answer; undefined when the connection has ended without one. */
  async reply(): Promise<Reply | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\r\n\r\n');
      if (end >= 0) {
        const head = this.#text.slice(0, end).toLowerCase();
        const whole = end + 4 + Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? 0);
        if (this.#text.length >= whole) {
          const body = this.#text.slice(end + 4, whole);
          this.#text = this.#text.slice(whole);
          return { status: Number(head.slice(9, 12)), head, body };
        }
      }
      if (this.#over) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async replies(count: number): Promise<(Reply | undefined)[]> {
    const replies: (Reply | undefined)[] = [];
    while (replies.length < count) replies.push(await this.reply());
    return replies;
  }

  /** Resolves when the other side has ended it. */
  async ended(): Promise<void> {
    while (!this.#over)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }

  close(): void {
    this.socket.destroy();
  }
}

/** One request on a connection of its own. */
export async function ask(port: number, path: string, from?: string): Promise<Reply | undefined> {
  const client = await Client.open(port, from);
  client.send(path);
  const reply = await client.reply();
  client.close();
  return reply;
}

/** How many answers there are of each status. */
export function countOf(replies: readonly (Reply | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const reply of replies) {
    const status = String(reply?.status ?? 'none');
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

export interface Gauges {
  /** Without the prefix of the program. */
  value(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  /** Resolves when a gauge is as wanted; the test's own timeout ends the waiting. */
  until(name: string, wanted: number): Promise<void>;
}

/** What `/metrics` on a port of its own says, so that asking does not count. */
export function gaugesAt(port: number): Gauges {
  const value = async (name: string, labels: Readonly<Record<string, string>> = {}) => {
    const { body } = await get(`http://127.0.0.1:${port}/metrics`);
    return readExposition(body.toString()).sum(`tmdb_proxy_${name}`, labels);
  };
  const until = async (name: string, wanted: number) => {
    while ((await value(name)) !== wanted) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  return { value, until };
}
