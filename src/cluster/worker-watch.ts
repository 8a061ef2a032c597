import type { Clock } from '../clock.js';
import type { Member } from './member.js';

export interface WatchParts {
  readonly members: () => readonly Member[];
  /** Takes what the worker has counted. Rejects when it doesn't answer within its deadline. */
  readonly ask: (member: Member) => Promise<unknown>;
  readonly draining: () => boolean;
  readonly clock: Clock;
}

/** Pause between two looks at all workers, ms: so much of what one has counted is lost with it at most. */
const LOOK_MS = 2000;
/** Deadlines missed in a row after which a worker does not count as serving, and after which it is replaced. */
const SUSPECT = 2;
const LOST = 3;

/** Sees whether workers still answer: a process that hangs keeps its connections and its part of the new ones. */
export class WorkerWatch {
  readonly #parts: WatchParts;
  readonly #missed = new Map<string, number>();
  #stopped = false;
  #cancel: (() => void) | undefined;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** Workers that answer. */
  serving(): number {
    return this.#answering().length;
  }

  /** Of these, those that accept connections. */
  ready(): number {
    return this.#answering().filter(({ listens }) => listens).length;
  }

  #answering(): Member[] {
    return this.#parts.members().filter(({ id }) => (this.#missed.get(id) ?? 0) < SUSPECT);
  }

  start(): void {
    this.#cancel = this.#parts.clock.after(LOOK_MS, () => void this.#look());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  async #look(): Promise<void> {
    const members = this.#parts.members();
    await Promise.all(members.map((member) => this.#lookAt(member)));
    const living = new Set(members.map(({ id }) => id));
    for (const id of this.#missed.keys()) if (!living.has(id)) this.#missed.delete(id);
    if (!this.#stopped) this.start();
  }

  async #lookAt(member: Member): Promise<void> {
    try {
      await this.#parts.ask(member);
      this.#missed.delete(member.id);
    } catch {
      const missed = (this.#missed.get(member.id) ?? 0) + 1;
      this.#missed.set(member.id, missed);
      const { members, draining } = this.#parts;
      const lives = members().some(({ id }) => id === member.id);
      if (missed >= LOST && lives && !draining() && !this.#stopped)
        member.evict(`it did not answer ${missed} times in a row`);
    }
  }
}
