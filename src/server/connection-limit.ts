import { clientOf } from '../http/client-of.js';

/** How much a listener takes in; each may change while it runs. */
export interface DoorBounds {
  /** `MAX_CONNECTIONS` */
  readonly connections: number;
  /** `MAX_CONNECTIONS_PER_CLIENT`; 0: no bound. */
  readonly perClient: number;
  /** `MAX_REQUESTS`: answers under way. */
  readonly requests: number;
}

/** The open connections of one listener, by client address. */
export class ConnectionLimit {
  readonly #bounds: () => DoorBounds;
  readonly #isExempt: (address: string) => boolean;
  readonly #ofClient = new Map<string, number>();
  #open = 0;

  /** `isExempt`: addresses of proxies, each of which speaks for many clients. */
  constructor(bounds: () => DoorBounds, isExempt: (address: string) => boolean) {
    this.#bounds = bounds;
    this.#isExempt = isExempt;
  }

  /** Clients that have a connection. */
  get clients(): number {
    return this.#ofClient.size;
  }

  /** Lets a connection in, and gives what to call when it closes; or says which bound it would exceed. */
  enter(address: string | undefined): (() => void) | 'connections' | 'client' {
    const { connections, perClient } = this.#bounds();
    if (this.#open >= connections) return 'connections';
    const client = address === undefined ? '' : clientOf(address);
    const before = this.#ofClient.get(client) ?? 0;
    if (perClient > 0 && before >= perClient && !this.#isExempt(address ?? '')) return 'client';
    this.#open++;
    this.#ofClient.set(client, before + 1);
    return () => this.#leave(client);
  }

  #leave(client: string): void {
    this.#open--;
    const left = this.#ofClient.get(client)! - 1;
    if (left === 0) this.#ofClient.delete(client);
    else this.#ofClient.set(client, left);
  }
}
