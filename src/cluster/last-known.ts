interface Asked {
  readonly id: string;
}

/**
 * What each worker said last, and what those that are gone have counted: sums over both never go back when a worker dies or is
 * late with an answer. A worker is represented exactly once at any time.
 */
export class LastKnown<M extends Asked, T> {
  readonly #members: () => readonly M[];
  readonly #ask: (member: M) => Promise<T>;
  readonly #retire: (gone: readonly T[]) => T;
  readonly #last = new Map<string, { readonly turn: number; readonly figures: T }>();
  #turn = 0;
  #gone: T | undefined;

  /** `retire`: what remains of processes that are gone, their counts added up. */
  constructor(
    members: () => readonly M[],
    ask: (member: M) => Promise<T>,
    retire: (gone: readonly T[]) => T,
  ) {
    this.#members = members;
    this.#ask = ask;
    this.#retire = retire;
  }

  /** Everybody's figures: fresh, else the last ones; those who have never answered are left out. Never rejects. */
  async all(): Promise<T[]> {
    await Promise.allSettled(this.#members().map((member) => this.refresh(member)));
    this.#settle();
    return [
      ...[...this.#last.values()].map(({ figures }) => figures),
      ...(this.#gone === undefined ? [] : [this.#gone]),
    ];
  }

  /** Rejects when the member doesn't answer; what it said before stays. */
  async refresh(member: M): Promise<void> {
    const turn = ++this.#turn;
    const figures = await this.#ask(member);
    this.#settle();
    // Of two questions under way the later has the later answer, whichever comes first.
    if (turn < (this.#last.get(member.id)?.turn ?? 0)) return;
    // Of one that has been counted among the gone, it would count twice.
    if (this.#members().some(({ id }) => id === member.id)) this.#last.set(member.id, { turn, figures });
  }

  #settle(): void {
    const living = new Set(this.#members().map(({ id }) => id));
    for (const [id, { figures }] of this.#last) {
      if (living.has(id)) continue;
      this.#last.delete(id);
      this.#gone = this.#retire(this.#gone === undefined ? [figures] : [this.#gone, figures]);
    }
  }
}
