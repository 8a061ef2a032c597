import type { Clock } from '../clock.js';
import type { TmdbCredential } from '../config/config.js';

export interface KeyStatus {
  /** Place in `TMDB_API_KEY`, from 1. */
  readonly number: number;
  readonly kind: 'v3' | 'v4';
  /** `in-use`: asked with first. `refused`: TMDB's last word on it. */
  readonly state: 'in-use' | 'ready' | 'refused';
  /** Until when a refused key is left alone while there is another; ISO 8601. */
  readonly refused_until: string | null;
}

/** For the metrics. */
export interface KeyringFigures {
  readonly keys: readonly KeyStatus[];
  /** Answers by which TMDB refused a key. */
  readonly refusals: number;
}

/** A key as it was when it was chosen: what its answer says may be old news by then. */
export interface Choice {
  readonly number: number;
  readonly credential: TmdbCredential;
  /** Refusals of the key known when it was chosen. */
  readonly known: number;
}

export interface Wanted {
  /** Origin-form path: version 4 of the API is made for v4 tokens. */
  readonly path: string;
  /** Whether the request may be sent once more with another key. */
  readonly repeatable: boolean;
  /** Forms the request has room for; both unless said. */
  readonly kinds?: ReadonlySet<TmdbCredential['kind']>;
  /** Numbers of keys that this request has been refused with. */
  readonly tried?: ReadonlySet<number>;
}

/** First rest of a refused key and the longest, ms; doubled each time it is refused again. */
const FIRST_REST_MS = 60_000;
const LONGEST_REST_MS = 3_600_000;
/** Between two requests that try a key whose rest is over, ms. */
const TRIAL_MS = 10_000;

interface Key {
  readonly number: number;
  readonly credential: TmdbCredential;
  /** Answers that refused it. */
  refusals: number;
  /** Of the next refusal, ms; 0 while the key is accepted. */
  rest: number;
  restUntil: number;
  /** Who tries it when its rest is over does so alone until then. */
  trialUntil: number;
  /** Turn in which it was last asked with. */
  turn: number;
}

function newKey(credential: TmdbCredential, index: number): Key {
  return { number: index + 1, credential, refusals: 0, rest: 0, restUntil: 0, trialUntil: 0, turn: 0 };
}

function isSame(a: TmdbCredential, b: TmdbCredential): boolean {
  return a.kind === b.kind && a.value === b.value;
}

/**
 * Which of the proxy's own credentials is asked with: the first in the order given that TMDB accepts. Knows nothing of
 * requests. The limits are per address (TMDB.md, Limits), so keys do not share the load.
 */
export class Keyring {
  #keys: readonly Key[];
  /** No longer asked with. */
  #retired: readonly TmdbCredential[] = [];
  readonly #clock: Clock;
  readonly #onRefused: (number: number, code: number) => void;
  #refusals = 0;
  #turns = 0;

  /** @param onRefused told the number of a key that was accepted before, and TMDB's code */
  constructor(
    credentials: readonly TmdbCredential[],
    clock: Clock,
    onRefused: (number: number, code: number) => void,
  ) {
    this.#clock = clock;
    this.#onRefused = onRefused;
    this.#keys = credentials.map(newKey);
  }

  /** Every credential, by number from 1. */
  get credentials(): readonly TmdbCredential[] {
    return this.#keys.map(({ credential }) => credential);
  }

  /** Those of earlier in this run: what is under way may carry them. */
  get retired(): readonly TmdbCredential[] {
    return this.#retired;
  }

  /** Others from now on, in this order. Of those that stay it is known what TMDB has said of them. */
  replace(credentials: readonly TmdbCredential[]): void {
    const earlier = this.#keys;
    this.#keys = credentials.map((credential, index) => {
      const known = earlier.find((key) => isSame(key.credential, credential));
      return known === undefined ? newKey(credential, index) : { ...known, number: index + 1 };
    });
    const gone = [...this.#retired, ...earlier.map((key) => key.credential)];
    this.#retired = gone.filter(
      (each, i) =>
        !credentials.some((credential) => isSame(credential, each)) &&
        gone.findIndex((other) => isSame(other, each)) === i,
    );
  }

  /**
   * The key to ask with; undefined when there is none left to try. A refused one is tried again when its rest is over, by one
   * request at a time, and by none that would be lost if it is refused again. When all are refused, who was not asked for
   * longest is asked, so that the first to be accepted again is found; a request is then sent once.
   */
  choose(wanted: Wanted): Choice | undefined {
    const { tried, kinds } = wanted;
    const left = this.#keys.filter(
      ({ number, credential }) => tried?.has(number) !== true && kinds?.has(credential.kind) !== false,
    );
    const now = this.#clock.steady();
    const usable = left.filter((key) => key.rest === 0 || (wanted.repeatable && mayBeTried(key, now)));
    const chosen =
      preferred(usable, wanted.path) ?? (tried === undefined ? longestLeftAlone(left) : undefined);
    if (chosen === undefined) return undefined;
    chosen.turn = ++this.#turns;
    if (chosen.rest > 0) chosen.trialUntil = now + TRIAL_MS;
    return { number: chosen.number, credential: chosen.credential, known: chosen.refusals };
  }

  /** TMDB has refused the key (code 7 or 10). */
  refused({ credential, known }: Choice, code: number): void {
    const key = this.#keyOf(credential);
    this.#refusals++;
    if (key === undefined) return;
    const now = this.#clock.steady();
    const isNews = key.refusals === known;
    key.refusals++;
    // Others that were under way say the same; and while it rests it is asked for want of another.
    if (!isNews || key.restUntil > now) return;
    const wasAccepted = key.rest === 0;
    key.rest = wasAccepted ? FIRST_REST_MS : Math.min(LONGEST_REST_MS, key.rest * 2);
    key.restUntil = now + key.rest;
    if (wasAccepted) this.#onRefused(key.number, code);
  }

  /** TMDB has accepted the key; an answer to what was asked before it was refused says nothing. */
  worked({ credential, known }: Choice): void {
    const key = this.#keyOf(credential);
    if (key === undefined || key.rest === 0 || key.refusals !== known) return;
    key.rest = 0;
    key.restUntil = 0;
    key.trialUntil = 0;
  }

  /** Undefined of one that was replaced meanwhile. */
  #keyOf(credential: TmdbCredential): Key | undefined {
    return this.#keys.find((key) => key.credential === credential);
  }

  status(): KeyStatus[] {
    const inUse = this.#keys.find(({ rest }) => rest === 0);
    const begun = this.#clock.now() - this.#clock.steady();
    return this.#keys.map((key) => ({
      number: key.number,
      kind: key.credential.kind,
      state: key.rest > 0 ? 'refused' : key === inUse ? 'in-use' : 'ready',
      refused_until: key.rest > 0 ? new Date(begun + key.restUntil).toISOString() : null,
    }));
  }

  figures(): KeyringFigures {
    return { keys: this.status(), refusals: this.#refusals };
  }
}

function mayBeTried({ restUntil, trialUntil }: Key, now: number): boolean {
  return restUntil <= now && trialUntil <= now;
}

function preferred(keys: readonly Key[], path: string): Key | undefined {
  const token = path.startsWith('/4/') ? keys.find(({ credential }) => credential.kind === 'v4') : undefined;
  return token ?? keys[0];
}

function longestLeftAlone(keys: readonly Key[]): Key | undefined {
  return [...keys].sort((a, b) => a.turn - b.turn)[0];
}
