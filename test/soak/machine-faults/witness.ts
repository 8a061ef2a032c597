import type { SampleOrigin } from '../../../src/demo/index.js';
import { get } from '../../support/raw-client.js';
import { ADMIN, pause, purge } from '../../support/region.js';
import type { Soak } from '../../support/soak.js';
import { Truth } from '../../support/truth.js';

/** A request without an answer for so long hangs, ms. */
const HUNG_MS = 20_000;
/** Pause of a client between two requests, ms. */
const THINK_MS = 15;

/** Whether a request that was under way at these times may fail; `performance.now()`. */
export type Excuse = (began: number, ended: number, what: string) => boolean;

const never: Excuse = () => false;

/** Asks for titles and judges every body by hash: it is what the origin says now, or said until a purge has answered. */
export class Witness {
  readonly #truth = new Truth();
  #titles = 0;
  readonly #soak: Soak;
  readonly #origin: SampleOrigin;

  /** @param key of a proxy that asks its clients for one */
  constructor(
    soak: Soak,
    origin: SampleOrigin,
    private readonly key?: string,
  ) {
    this.#soak = soak;
    this.#origin = origin;
  }

  /** Of the movies 1 to `titles`. */
  async learn(titles: number): Promise<void> {
    this.#titles = titles;
    for (let id = 1; id <= titles; id++) await this.#see(id);
  }

  /** Any of them, by the soak's own randomness. */
  any(): number {
    return 1 + Math.floor(this.#soak.random() * this.#titles);
  }

  /** True when it was answered, and rightly. A failure that is not excused is a lost request. */
  async ask(url: string, id: number, excuse: Excuse = never): Promise<boolean> {
    const began = performance.now();
    this.#soak.requests++;
    let failure: string;
    try {
      const signal = AbortSignal.timeout(HUNG_MS);
      const headers = {
        connection: 'close',
        ...(this.key !== undefined && { authorization: `Bearer ${this.key}` }),
      };
      const { status, body } = await get(url + path(id), { signal, headers });
      if (status === 200) return this.#judge(id, body, began);
      failure = `${status} ${body.toString().slice(0, 200)}`;
    } catch (error) {
      failure = String(error);
    }
    const ended = performance.now();
    const hung = ended - began > HUNG_MS - 100;
    if (hung || !excuse(began, ended, failure))
      this.#soak.lose(`movie ${id} after ${Math.round(ended - began)} ms: ${failure}`);
    return false;
  }

  /** Every title once, a few at a time. */
  async askAll(url: string, excuse?: Excuse): Promise<void> {
    const ids = Array.from({ length: this.#titles }, (_, i) => i + 1);
    while (ids.length > 0) await Promise.all(ids.splice(0, 8).map((id) => this.ask(url, id, excuse)));
  }

  /** Clients that ask, each over a new connection, until `stop`. */
  crowd(url: string, clients: number, excuse?: Excuse): { stop(): Promise<void> } {
    let stopped = false;
    const client = async () => {
      while (!stopped) {
        await this.ask(url, this.any(), excuse);
        await pause(THINK_MS);
      }
    };
    const running = Array.from({ length: clients }, client);
    return {
      stop: async () => {
        stopped = true;
        await Promise.all(running);
      },
    };
  }

  /**
   * Edits a title at the origin and purges it; what was there before must not come back.
   * @param statuses what the purge may answer: 500 where the disk does not take it in; it holds all the same
   */
  async edit(url: string, id: number, statuses: readonly number[] = [200]): Promise<void> {
    this.#origin.edit('movie', id, { title: `Edited ${this.#soak.random()}` });
    await this.#see(id);
    const answer = await purge(url, { tags: [`movie:${id}`] });
    if (!statuses.includes(answer.status)) throw new Error(`purge: ${answer.status} ${answer.body}`);
    this.#truth.settle(path(id));
  }

  async #see(id: number): Promise<void> {
    const { body } = await get(`${this.#origin.url}${path(id)}?api_key=witness`);
    this.#truth.says(path(id), body);
  }

  #judge(id: number, body: Buffer, began: number): boolean {
    this.#soak.stalled(performance.now() - began);
    const mistake = this.#truth.mistakeIn(path(id), body, began);
    if (mistake !== undefined) this.#soak.mistake(mistake);
    return mistake === undefined;
  }
}

function path(id: number): string {
  return `/3/movie/${id}`;
}

/** How many workers the node says accept connections; undefined while it says nothing. */
export async function readyWorkersOf(url: string): Promise<number | undefined> {
  const signal = AbortSignal.timeout(2000);
  try {
    const { body } = await get(`${url}/status`, { signal, headers: { ...ADMIN, connection: 'close' } });
    return (JSON.parse(body.toString()) as { ready: number }).ready;
  } catch {
    return undefined;
  }
}
