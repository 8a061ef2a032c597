import { Agent, request } from 'node:http';
import type { Soak } from '../../support/soak.js';
import { bodyFor } from './recording-origin.js';

/** Titles that are asked for again and again, and so come from memory. */
const KNOWN = Array.from({ length: 8 }, (_, i) => `/3/movie/${i + 1}`);
/** One of so many requests has to go to the origin, over the same connections as what attackers have sent there. */
const NEW_EVERY = 4;
const THINK_MS = 4;
/** Clients, each with one connection at a time. */
export const BYSTANDERS = 3;

/**
 * Clients that want nothing but titles, while others attack: some stay on their connection, some open one for each request.
 * Every answer is compared with what the origin says of that target.
 */
export class Bystanders {
  asked = 0;
  #stopped = false;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #running: Promise<void>[];

  constructor(
    private readonly port: number,
    private readonly soak: Soak,
    clients = BYSTANDERS,
  ) {
    this.#running = Array.from({ length: clients }, (_, number) => this.#client(number));
  }

  /** Resolves when the last answers were compared. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
    this.#agent.destroy();
  }

  async #client(number: number): Promise<void> {
    for (let i = 0; !this.#stopped; i++) {
      const target =
        i % NEW_EVERY === 0 ? `/3/movie/${number}?seen=${number}-${i}` : KNOWN[i % KNOWN.length]!;
      await this.ask(target, number > 0);
      await new Promise((resolve) => setTimeout(resolve, THINK_MS));
    }
  }

  /** Asks and compares; `stays`: on a connection that was used before. */
  async ask(target: string, stays = false): Promise<void> {
    const began = performance.now();
    this.asked++;
    this.soak.requests++;
    try {
      const { status, body } = await get(this.port, target, stays ? this.#agent : false);
      if (status !== 200) this.soak.lose(`${target}: ${status} ${body.toString('latin1', 0, 200)}`);
      else if (!body.equals(bodyFor('GET', target)))
        this.soak.mistake(`${target}: ${body.toString('latin1', 0, 200)}`);
    } catch (error) {
      this.soak.lose(`${target}: ${String(error)}`);
    }
    this.soak.stalled(performance.now() - began);
  }
}

function get(port: number, path: string, agent: Agent | false): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', path, agent });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
    });
    sent.end();
  });
}
