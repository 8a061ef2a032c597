import { hash32, type JsonObject } from './random.js';

/** What `edit` can change. */
export type EditedKind = 'movie' | 'tv' | 'person' | 'collection';

/** The kinds that have a change feed. */
export type FeedKind = 'movie' | 'tv' | 'person';

/** An edit to be made. */
export interface Edit {
  readonly kind: EditedKind;
  readonly id: number;
  /** Fields laid over the resource's own. */
  readonly patch: JsonObject;
}

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

interface Made extends Change {
  readonly kind: EditedKind;
  /** From when on the feed shows it, milliseconds since 1970. */
  readonly listed: number;
}

/** How a `ChangeLog` is made. */
export interface ChangeLogOptions {
  readonly seed: string;
  /** Uneventful changes a day and kind. */
  readonly perDay: number;
  readonly highest: Readonly<Record<FeedKind, number>>;
  /** `newest` first, as the feed seems to be, or `shuffled`: in another order after each edit. Default `newest`. */
  readonly order?: 'newest' | 'shuffled';
  /** Milliseconds after which an edit shows in the feed; default 0. */
  readonly delay?: number;
}

/** Milliseconds of a day. */
export const DAY = 86_400_000;

/**
 * What was edited, and when. Beside the edits made by `edit`, it invents `perDay` uneventful ones a day for each
 * kind (they are in the feed, but no body differs), because TMDB's feed is never silent.
 */
export class ChangeLog {
  readonly #options: ChangeLogOptions;
  readonly #edits = new Map<string, Edited>();
  /** By version: the first raised it to 1. */
  readonly #made: Made[] = [];

  constructor(options: ChangeLogOptions) {
    this.#options = options;
  }

  /** Rises with every edit, so that whoever keeps bodies can tell that they may be old. */
  get version(): number {
    return this.#made.length;
  }

  /** Lays `patch` over the resource's own fields from now on, and notes the change at `time`. */
  edit(kind: EditedKind, id: number, patch: JsonObject, time: number): void {
    const key = `${kind}:${id}`;
    const before = this.#edits.get(key) ?? { patch: {}, revision: 0 };
    this.#edits.set(key, { patch: { ...before.patch, ...patch }, revision: before.revision + 1 });
    const keys = Object.keys(patch);
    const listed = time + (this.#options.delay ?? 0);
    this.#made.push({ kind, id, time, listed, keys: keys.length > 0 ? keys : ['general'] });
  }

  /** The fields laid over a resource, and how often it was edited. */
  edited(kind: EditedKind, id: number): { readonly patch: JsonObject; readonly revision: number } {
    return this.#edits.get(`${kind}:${id}`) ?? { patch: {}, revision: 0 };
  }

  /** When the resource was last edited (milliseconds since 1970); undefined: never. */
  lastEdit(kind: EditedKind, id: number): number | undefined {
    return this.#made.findLast((made) => made.kind === kind && made.id === id)?.time;
  }

  /**
   * When the first edit was made that a body of this version lacks (milliseconds since 1970); undefined: none that
   * matters to it. The body of a title or person lacks its own edits only, any other path all.
   */
  missedBy(version: number, path: string): number | undefined {
    const [, kind, id] = /^\/3\/(movie|tv|person|collection)\/(\d+)/.exec(path) ?? [];
    for (let at = version; at < this.#made.length; at++) {
      const made = this.#made[at]!;
      if (kind === undefined || (made.kind === kind && made.id === Number(id))) return made.time;
    }
    return undefined;
  }

  /** Ids changed from `from` up to `to` (milliseconds), each once; the newest first, unless shuffled. */
  ids(kind: FeedKind, from: number, to: number): number[] {
    const ids = [...new Set(this.#listed(kind, from, to).map(({ change }) => change.id))];
    if (this.#options.order !== 'shuffled') return ids;
    const place = new Map(ids.map((id) => [id, hash32(`${this.version}:${kind}:${id}`)]));
    return ids.sort((a, b) => place.get(a)! - place.get(b)!);
  }

  /** The changes of one resource from `from` up to `to`, the newest first. */
  of(kind: FeedKind, id: number, from: number, to: number): Change[] {
    return this.#listed(kind, from, to)
      .map(({ change }) => change)
      .filter((change) => change.id === id);
  }

  #listed(kind: FeedKind, from: number, to: number): { change: Change; listed: number }[] {
    const made = this.#made
      .filter((c) => c.kind === kind && c.listed >= from && c.listed <= to)
      // Of two edits within a millisecond the later is the newer one.
      .reverse()
      .map((change) => ({ change, listed: change.listed }));
    const invented = this.#invented(kind, from, to).map((change) => ({ change, listed: change.time }));
    return [...made, ...invented].sort((a, b) => b.listed - a.listed);
  }

  #invented(kind: FeedKind, from: number, to: number): Change[] {
    const found: Change[] = [];
    const { seed, perDay } = this.#options;
    const highest = this.#options.highest[kind];
    for (let day = Math.floor(from / DAY); day <= Math.floor(to / DAY); day++) {
      const first = hash32(`${seed}:${kind}:${day}`);
      for (let i = 0; i < perDay; i++) {
        const time = day * DAY + Math.floor((i / perDay) * DAY);
        // More changes a day than resources: the others belong to ids this catalogue does not have.
        const id = perDay <= highest ? ((first + i) % highest) + 1 : i + 1;
        if (time >= from && time <= to) found.push({ id, time, keys: ['popularity'] });
      }
    }
    return found;
  }
}
