import { type Fault, parseFault } from './fault-kinds.js';
import { Gates } from './gates.js';

/** A fault that was switched on. */
export interface ActiveFault {
  readonly id: number;
  readonly fault: Fault;
  /** Requests struck so far. */
  readonly hits: number;
  /** Switches it off; a gate lets its waiting responses through. */
  remove(): void;
}

interface Held {
  readonly id: number;
  readonly fault: Fault;
  readonly pattern: RegExp | undefined;
  hits: number;
}

/** What of a request decides whether a fault strikes. */
export interface Target {
  readonly method: string;
  /** Path and query as received. */
  readonly target: string;
  readonly host: string;
}

/** The switchboard of faults. All that match strike together, in the order in which they were added. */
export class Faults {
  readonly gates = new Gates();
  readonly #held = new Map<number, Held>();
  readonly #offline: () => void;
  #next = 1;

  /** @param offline called when a fault for all connections is switched on */
  constructor(offline: () => void = () => undefined) {
    this.#offline = offline;
  }

  /** Switches a fault on. Throws a TypeError for one that makes no sense. */
  add(fault: Fault): ActiveFault {
    parseFault(fault);
    const pattern = fault.match && !fault.match.startsWith('/') ? new RegExp(fault.match) : undefined;
    const held: Held = { id: this.#next++, fault, pattern, hits: 0 };
    this.#held.set(held.id, held);
    if (fault.kind === 'offline' && fault.match === undefined && fault.host === undefined) this.#offline();
    return this.#view(held);
  }

  /** Switches on a gate: matching responses wait until `release(name)`. */
  gate(
    name: string,
    conditions: { match?: string; where?: 'head' | 'body'; times?: number } = {},
  ): ActiveFault {
    return this.add({ kind: 'gate', name, ...conditions });
  }

  /**
   * Lets responses through a gate: with `count` the first so many, and the gate stays shut for others; without,
   * all of them, and the gate is gone. Returns how many were let through.
   */
  release(name: string, count?: number): number {
    if (count === undefined) {
      for (const { id, fault } of this.#held.values()) {
        if (fault.kind === 'gate' && fault.name === name) this.#held.delete(id);
      }
    }
    return this.gates.release(name, count);
  }

  /** How many responses wait at a gate. */
  waiting(name: string): number {
    return this.gates.waiting(name);
  }

  /** Resolves as soon as `count` responses (default 1) wait at a gate. */
  arrived(name: string, count = 1): Promise<void> {
    return this.gates.arrived(name, count);
  }

  /** The faults that are on. */
  list(): ActiveFault[] {
    return [...this.#held.values()].map((held) => this.#view(held));
  }

  /** Switches all faults off (or the one with this id) and opens the gates. */
  clear(id?: number): void {
    if (id !== undefined) {
      this.#remove(id);
      return;
    }
    this.#held.clear();
    this.gates.releaseAll();
  }

  /** The faults that strike a request; counts them as used. */
  strike(request: Target): Fault[] {
    if (this.#held.size === 0) return [];
    const struck: Fault[] = [];
    for (const held of this.#held.values()) {
      if (!matches(held, request)) continue;
      held.hits++;
      struck.push(held.fault);
      if (held.fault.times !== undefined && held.hits >= held.fault.times) this.#held.delete(held.id);
    }
    return struck;
  }

  #view(held: Held): ActiveFault {
    return {
      id: held.id,
      fault: held.fault,
      get hits() {
        return held.hits;
      },
      remove: () => this.#remove(held.id),
    };
  }

  #remove(id: number): void {
    const held = this.#held.get(id);
    this.#held.delete(id);
    if (held?.fault.kind === 'gate') this.gates.release(held.fault.name);
  }
}

function matches({ fault, pattern }: Held, request: Target): boolean {
  if (fault.method !== undefined && fault.method !== request.method) return false;
  if (
    fault.host !== undefined &&
    fault.host !== request.host &&
    fault.host !== request.host.replace(/:\d+$/, '')
  ) {
    return false;
  }
  if (pattern) return pattern.test(request.target);
  return fault.match === undefined || request.target.startsWith(fault.match);
}
