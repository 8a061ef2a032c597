import type { ProxyProcess } from '../../support/proxy-process.js';
import { get } from '../../support/raw-client.js';
import { pause } from '../../support/region.js';
import type { Soak } from '../../support/soak.js';
import type { Asking } from './asking.js';

/** Whether a node may be sent requests, as a load balancer finds out; see `/readyz`. */
const PROBE_EVERY_MS = 50;
/** Between an answer and the next request of a client. */
const PAUSE_MS = 20;

/**
 * A load balancer's clients: each asks a node that says it is ready, over connections that are kept, and never a second time. A request
 * that finds no node ready is lost.
 */
export class Balancer {
  readonly #ready = new Set<string>();
  readonly #nodes: (ProxyProcess | undefined)[];
  readonly #running: Promise<void>[] = [];
  #stopped = false;

  constructor(
    count: number,
    private readonly asking: Asking,
    private readonly soak: Soak,
  ) {
    this.#nodes = new Array<ProxyProcess | undefined>(count).fill(undefined);
  }

  /** The node stands at this place from now on; the one before it has been stopped. */
  place(index: number, node: ProxyProcess): void {
    this.#nodes[index] = node;
  }

  get nodes(): ProxyProcess[] {
    return this.#nodes.map((_, index) => this.nodeAt(index));
  }

  nodeAt(index: number): ProxyProcess {
    const node = this.#nodes[index];
    if (node === undefined) throw new Error(`no node at ${index}`);
    return node;
  }

  async start(clients: number): Promise<void> {
    const places = [...this.#nodes.keys()];
    await Promise.all(places.map((index) => this.#look(index)));
    for (const index of places) this.#running.push(this.#probe(index));
    for (let i = 0; i < clients; i++) this.#running.push(this.#client());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  async #probe(index: number): Promise<void> {
    while (!this.#stopped) {
      await pause(PROBE_EVERY_MS);
      await this.#look(index);
    }
  }

  async #look(index: number): Promise<void> {
    const { url } = this.nodeAt(index);
    const ready = await get(`${url}/readyz`).then(
      ({ status }) => status === 200,
      () => false,
    );
    if (ready) this.#ready.add(url);
    else this.#ready.delete(url);
  }

  async #client(): Promise<void> {
    while (!this.#stopped) {
      await this.#send();
      await pause(PAUSE_MS);
    }
  }

  async #send(): Promise<void> {
    const urls = [...this.#ready];
    if (urls.length > 0) {
      await this.asking.ask(urls[Math.floor(this.soak.random() * urls.length)]!, this.asking.any());
      return;
    }
    this.soak.requests++;
    this.soak.lose('no node is ready');
  }
}
