import type { Socket } from 'node:net';
import { ProxyError } from '../errors.js';
import { clientOf } from '../http/client-of.js';
import type { Exchange } from './exchange.js';
import { Multiset } from './multiset.js';

/** Of one connection: nobody pipelines so many but to keep us busy. */
const MOST_OF_CONNECTION = 16;
/** Of one client, of what anybody may ask and no probe is. */
const MOST_OF_CLIENT = 64;
/** Of that, of all clients. */
const MOST_OPEN = 512;

/**
 * Requests of management under way on one listener. They do not count for `MAX_REQUESTS`, so that a full node can be looked
 * at, and each may ask every process. Probes and what needs the admin key are bounded on their connection alone: no
 * flood of what anybody may ask keeps an operator or a load balancer out.
 */
export class ManagementLimit {
  readonly #ofConnection = new WeakMap<Socket, number>();
  readonly #ofClient = new Multiset<string>();
  #open = 0;

  /** Takes it in until it is over, or says why not. */
  enter(exchange: Exchange, refusable: boolean): ProxyError | undefined {
    const { socket } = exchange.incoming;
    const before = this.#ofConnection.get(socket) ?? 0;
    if (before >= MOST_OF_CONNECTION) return full('of this connection');
    const client = clientOf(exchange.client);
    if (refusable && this.#ofClient.count(client) >= MOST_OF_CLIENT) return full('of your address');
    if (refusable && this.#open >= MOST_OPEN) return full('');
    this.#ofConnection.set(socket, before + 1);
    if (refusable) {
      this.#ofClient.add(client);
      this.#open++;
    }
    exchange.whenClosed = () => this.#leave(socket, refusable ? client : undefined);
    return undefined;
  }

  #leave(socket: Socket, client: string | undefined): void {
    this.#ofConnection.set(socket, this.#ofConnection.get(socket)! - 1);
    if (client === undefined) return;
    this.#open--;
    this.#ofClient.remove(client);
  }
}

function full(whose: string): ProxyError {
  const message = ['too many requests', whose, 'to management are under way'].filter(Boolean).join(' ');
  return new ProxyError('node_full', message, { retryAfter: 1 });
}
