import { createHash } from 'node:crypto';
import { Agent, request } from 'undici';
import type { ProxyProcess } from '../../support/proxy-process.js';
import { get } from '../../support/raw-client.js';
import type { Soak } from '../../support/soak.js';

/** Whether a node may be sent requests, as a load balancer finds out; see `/readyz`. */
const PROBE_EVERY_MS = 50;
/** Between an answer and the next request of a client. */
const PAUSE_MS = 20;

/**
 * A load balancer's clients: each asks a node that says it is ready, over connections that are kept, and never a second time.
 * Whatever is not the origin's answer to the byte counts as lost or wrong.
 */
export class Balancer {
  readonly #agent = new Agent({ connections: 32, pipelining: 1 });
  readonly #ready = new Set<string>();
  readonly #nodes: (ProxyProcess | undefined)[];
  readonly #running: Promise<void>[] = [];
  #stopped = false;

  /** @param wanted the hash of each path's body at the origin */
  constructor(
    count: number,
    private readonly wanted: ReadonlyMap<string, string>,
    private readonly soak: Soak,
  ) {
    this.#nodes = new Array<ProxyProcess | undefined>(count).fill(undefined);
  }

  /** The node stands at this place from now on; the one before it has been stopped. */
  place(index: number, node: ProxyProcess): void {
    this.#nodes[index] = node;
  }

  nodeAt(index: number): ProxyProcess {
    const node = this.#nodes[index];
    if (node === undefined) throw new Error(`no node at ${index}`);
    return node;
  }

  start(clients: number): void {
    this.#running.push(this.#probe());
    for (let i = 0; i < clients; i++) this.#running.push(this.#client());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
    await this.#agent.close();
  }

  async #probe(): Promise<void> {
    while (!this.#stopped) {
      await Promise.all(
        this.#nodes.map(async (node) => {
          if (node === undefined) return;
          const ready = await get(`${node.url}/readyz`).then(
            ({ status }) => status === 200,
            () => false,
          );
          if (ready) this.#ready.add(node.url);
          else this.#ready.delete(node.url);
        }),
      );
      await new Promise((resolve) => setTimeout(resolve, PROBE_EVERY_MS));
    }
  }

  async #client(): Promise<void> {
    const paths = [...this.wanted.keys()];
    while (!this.#stopped) {
      const urls = [...this.#ready];
      if (urls.length > 0)
        await this.#ask(
          urls[Math.floor(this.soak.random() * urls.length)]!,
          paths[Math.floor(this.soak.random() * paths.length)]!,
        );
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  async #ask(url: string, path: string): Promise<void> {
    const began = performance.now();
    this.soak.requests++;
    try {
      const { statusCode, body } = await request(url + path, { dispatcher: this.#agent });
      const bytes = Buffer.from(await body.arrayBuffer());
      if (statusCode !== 200) this.soak.lose(`${path}: ${statusCode}`);
      else if (hashOf(bytes) !== this.wanted.get(path)) this.soak.mistake(path);
    } catch (error) {
      this.soak.lose(`${path}: ${String(error)}`);
    }
    this.soak.stalled(performance.now() - began);
  }
}

export function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
