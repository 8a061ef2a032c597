import { clientOf } from '../http/client-of.js';
import { Multiset } from './multiset.js';

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
  readonly #ofClient = new Multiset<string>();
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
    if (perClient > 0 && this.#ofClient.count(client) >= perClient && !this.#isExempt(address ?? ''))
      return 'client';
    this.#open++;
    this.#ofClient.add(client);
    return () => this.#leave(client);
  }

  #leave(client: string): void {
    this.#open--;
    this.#ofClient.remove(client);
  }
}
