import type { Rates, Sample, State, Watched } from '../wire.js';

/** How the page stands with its server. */
export type Link = 'connecting' | 'live' | 'late' | 'lost' | 'closed' | 'full';
export type Scope = 'node' | 'cluster';

const MOST_SAMPLES = 300;

/** What is known, and who wants to know when it changes. */
export class Store {
  state: Partial<State> = {};
  samples: Sample[] = [];
  failed: readonly (keyof State)[] = [];
  link: Link = 'connecting';
  scope: Scope = 'node';
  #fresh = true;
  readonly #listeners: (() => void)[] = [];

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** A new connection tells everything again. */
  restart(): void {
    this.#fresh = true;
  }

  take({ samples, state, failed }: Watched): void {
    const known = this.#fresh ? [] : this.samples;
    this.#fresh = false;
    this.samples = [...known, ...samples].slice(-MOST_SAMPLES);
    this.state = { ...this.state, ...state };
    this.failed = failed;
    this.setLink('live');
  }

  setLink(link: Link): void {
    this.link = link;
    this.#tell();
  }

  setScope(scope: Scope): void {
    this.scope = scope;
    this.#tell();
  }

  /** The figures of the chosen scope; a node that is alone is its cluster. */
  rates(sample: Sample): Rates {
    return this.scope === 'cluster' ? (sample.cluster ?? sample.node) : sample.node;
  }

  get latest(): Rates | undefined {
    const last = this.samples.at(-1);
    return last === undefined ? undefined : this.rates(last);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
