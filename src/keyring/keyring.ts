import type { Clock } from '../clock.js';
import type { TmdbCredential } from '../config/config.js';

export interface KeyStatus {
  /** Place in `TMDB_API_KEY`, from 1. */
  readonly number: number;
  readonly kind: 'v3' | 'v4';
  readonly state: 'in-use' | 'ready' | 'refused';
  readonly refused_until: string | null;
}

/** For the metrics. */
export interface KeyringFigures {
  readonly keys: readonly KeyStatus[];
  readonly refusals: number;
}

/** Which of the proxy's own credentials is asked with. Knows nothing of requests. */
export class Keyring {
  readonly #credentials: readonly TmdbCredential[];

  /** @param onRefused told the number of a key and TMDB's code */
  constructor(
    credentials: readonly TmdbCredential[],
    _clock: Clock,
    _onRefused: (number: number, code: number) => void,
  ) {
    this.#credentials = credentials;
  }

  status(): KeyStatus[] {
    return this.#credentials.map(({ kind }, index) => ({
      number: index + 1,
      kind,
      state: index === 0 ? 'in-use' : 'ready',
      refused_until: null,
    }));
  }

  figures(): KeyringFigures {
    return { keys: this.status(), refusals: 0 };
  }
}
