interface Gate {
  readonly waiting: Set<() => void>;
  readonly watchers: Set<{ count: number; tell: () => void }>;
}

/** Named places where responses wait until they are let through, so that a test steps a race without sleeping. */
export class Gates {
  readonly #gates = new Map<string, Gate>();

  /** Waits at a gate. Ends with the signal, too, when the client has gone. */
  pass(name: string, gone: AbortSignal): Promise<void> {
    const gate = this.#gate(name);
    return new Promise((resolve) => {
      const leave = (): void => {
        gate.waiting.delete(leave);
        gone.removeEventListener('abort', leave);
        resolve();
      };
      if (gone.aborted) return resolve();
      gate.waiting.add(leave);
      gone.addEventListener('abort', leave);
      for (const watcher of gate.watchers) if (gate.waiting.size >= watcher.count) watcher.tell();
    });
  }

  /** Lets the first `count` that wait (default: all) through; the number that went. */
  release(name: string, count = Number.POSITIVE_INFINITY): number {
    const chosen = [...(this.#gates.get(name)?.waiting ?? [])].slice(0, count);
    for (const leave of chosen) leave();
    return chosen.length;
  }

  /** Lets all through that wait anywhere. */
  releaseAll(): void {
    for (const name of this.#gates.keys()) this.release(name);
  }

  /** How many responses wait at a gate. */
  waiting(name: string): number {
    return this.#gates.get(name)?.waiting.size ?? 0;
  }

  /** Resolves as soon as `count` responses wait at a gate. */
  arrived(name: string, count = 1): Promise<void> {
    const gate = this.#gate(name);
    if (gate.waiting.size >= count) return Promise.resolve();
    return new Promise((resolve) => {
      const watcher = {
        count,
        tell: () => {
          gate.watchers.delete(watcher);
          resolve();
        },
      };
      gate.watchers.add(watcher);
    });
  }

  /** Gate → number waiting. */
  all(): Record<string, number> {
    return Object.fromEntries([...this.#gates].map(([name, gate]) => [name, gate.waiting.size]));
  }

  #gate(name: string): Gate {
    const gate = this.#gates.get(name) ?? { waiting: new Set(), watchers: new Set() };
    this.#gates.set(name, gate);
    return gate;
  }
}
