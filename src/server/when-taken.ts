import type { Writable } from 'node:stream';

const NOTHING = Buffer.alloc(0);

/** Calls `then` when the system has taken all that was written to a socket so far; also when the connection is lost. */
export function whenTaken(socket: Writable, then: () => void): void {
  socket.write(NOTHING, then);
}
