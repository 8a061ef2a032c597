import { hash32, type JsonObject } from './random.js';

/** What `edit` can change. */
export type EditedKind = 'movie' | 'tv' | 'person' | 'collection';

/** The kinds that have a change feed. */
export type FeedKind = 'movie' | 'tv' | 'person';

/** One edit, as the change feed tells it. */
export interface Change {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly keys: readonly string[];
}

interface Edited {
  patch: JsonObject;
  revision: number;
}

/** Milliseconds of a day. */
export const DAY = 86_400_000;

/**
 * What was edited, and when. Beside the edits made by `edit`, it invents `perDay` uneventful ones a day for each
 * kind (they are in the feed, but no body differs), because TMDB's feed is never silent.
 */
export class ChangeLog {
  readonly #seed: string;
  readonly #perDay: number;
  readonly #highest: Readonly<Record<FeedKind, number>>;
  readonly #edits = new Map<string, Edited>();
  readonly #made: (Change & { kind: EditedKind })[] = [];
  #version = 0;

  constructor(seed: string, perDay: number, highest: Readonly<Record<FeedKind, number>>) {
    this.#seed = seed;
    this.#perDay = perDay;
    this.#highest = highest;
  }

  /** Rises with every edit, so that whoever keeps bodies can tell that they may be old. */
  get version(): number {
    return this.#version;
  }

  /** Lays `patch` over the resource's own fields from now on, and notes the change at `time`. */
  edit(kind: EditedKind, id: number, patch: JsonObject, time: number): void {
    const key = `${kind}:${id}`;
    const before = this.#edits.get(key) ?? { patch: {}, revision: 0 };
    this.#edits.set(key, { patch: { ...before.patch, ...patch }, revision: before.revision + 1 });
    const keys = Object.keys(patch);
    this.#made.push({ kind, id, time, keys: keys.length > 0 ? keys : ['general'] });
    this.#version++;
  }

  /** The fields laid over a resource, and how often it was edited. */
  edited(kind: EditedKind, id: number): { readonly patch: JsonObject; readonly revision: number } {
    return this.#edits.get(`${kind}:${id}`) ?? { patch: {}, revision: 0 };
  }

  /** Ids changed from `from` up to `to` (milliseconds), the newest first, each once. */
  ids(kind: FeedKind, from: number, to: number): number[] {
    const all = [...this.#of(kind, from, to), ...this.#invented(kind, from, to)];
    all.sort((a, b) => b.time - a.time);
    return [...new Set(all.map((change) => change.id))];
  }

  /** The changes of one resource from `from` up to `to`, the newest first. */
  of(kind: FeedKind, id: number, from: number, to: number): Change[] {
    const all = [...this.#of(kind, from, to), ...this.#invented(kind, from, to)];
    return all.filter((change) => change.id === id).sort((a, b) => b.time - a.time);
  }

  #of(kind: FeedKind, from: number, to: number): Change[] {
    return this.#made.filter((c) => c.kind === kind && c.time >= from && c.time <= to);
  }

  #invented(kind: FeedKind, from: number, to: number): Change[] {
    const found: Change[] = [];
    const highest = this.#highest[kind];
    for (let day = Math.floor(from / DAY); day <= Math.floor(to / DAY); day++) {
      const first = hash32(`${this.#seed}:${kind}:${day}`);
      for (let i = 0; i < this.#perDay; i++) {
        const time = day * DAY + Math.floor((i / this.#perDay) * DAY);
        // More changes a day than resources: the others belong to ids this catalogue does not have.
        const id = this.#perDay <= highest ? ((first + i) % highest) + 1 : i + 1;
        if (time >= from && time <= to) found.push({ id, time, keys: ['popularity'] });
      }
    }
    return found;
  }
}
