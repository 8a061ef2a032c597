import type { Config } from './config.js';

export type Take = (config: Config) => void;

/**
 * The configuration of one process as it holds now. What may change while it runs is read from here when it is used, or taken
 * by those who asked to be told; everything else is as it was at the start.
 */
export class LiveConfig {
  #config: Config;
  readonly #takers: Take[] = [];

  constructor(config: Config) {
    this.#config = config;
  }

  get config(): Config {
    return this.#config;
  }

  /** Called with each new configuration, in the order in which they were given. Must not throw. */
  onChange(take: Take): void {
    this.#takers.push(take);
  }

  /** All have taken it when this returns. */
  become(config: Config): void {
    this.#config = config;
    for (const take of this.#takers) take(config);
  }
}
