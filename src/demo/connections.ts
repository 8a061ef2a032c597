import type { Socket } from 'node:net';

/** The open connections of the server. */
export class Connections {
  readonly #open = new Map<Socket, number>();
  readonly #byAddress = new Map<string, number>();
  #made = 0;
  #most = 0;

  /** Takes a new connection in until it closes. */
  add(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    this.#open.set(socket, ++this.#made);
    this.#byAddress.set(address, this.of(address) + 1);
    this.#most = Math.max(this.#most, this.#open.size);
    socket.once('close', () => {
      this.#open.delete(socket);
      const left = this.of(address) - 1;
      if (left > 0) this.#byAddress.set(address, left);
      else this.#byAddress.delete(address);
    });
  }

  /** The number of a connection, counted from 1. */
  idOf(socket: Socket): number {
    return this.#open.get(socket) ?? 0;
  }

  /** Open connections of an address. */
  of(address: string): number {
    return this.#byAddress.get(address) ?? 0;
  }

  get open(): number {
    return this.#open.size;
  }

  get most(): number {
    return this.#most;
  }

  /** Destroys all but one. */
  destroyAll(spared?: Socket): void {
    for (const socket of this.#open.keys()) if (socket !== spared) socket.destroy();
  }

  /** Forgets the peak. */
  reset(): void {
    this.#most = this.#open.size;
  }
}
