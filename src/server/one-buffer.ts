import type { Socket } from 'node:net';

/** What a client sends arrives here first, whichever connection it is of, bytes. */
const ROOM = Buffer.allocUnsafeSlow(64 * 1024);

/** The parts of a net.Socket that its documented option `onread` sets; a server can't pass that option. */
interface ReadsIntoBuffer {
  [name: symbol]: unknown;
  readonly _handle?: { useUserBuffer?: (room: Buffer) => void } | null;
}

/**
 * Has the socket read into one buffer that all share, as the option `onread` of net.Socket does, instead of into 64 KiB
 * allocated anew for each read: a fifth of a hit (bench/stores/read-buffer.mjs). `onBytes` gets a view that is good during the
 * call only; no `data` event comes any more, everything else does. False: this Node has none of it, nothing was changed.
 */
export function readIntoOneBuffer(socket: Socket, onBytes: (view: Buffer) => void): boolean {
  const inner = socket as unknown as ReadsIntoBuffer;
  buffer ??= symbolOf(socket, 'kBuffer');
  callback ??= symbolOf(socket, 'kBufferCb');
  if (buffer === undefined || callback === undefined || !inner._handle?.useUserBuffer) return false;
  inner[buffer] = ROOM;
  inner[callback] = (length: number, room: Buffer) => {
    onBytes(room.subarray(0, length));
  };
  inner._handle.useUserBuffer(ROOM);
  return true;
}

/** Of all sockets of this Node, once known. */
let buffer: symbol | undefined;
let callback: symbol | undefined;

function symbolOf(socket: Socket, name: string): symbol | undefined {
  return Object.getOwnPropertySymbols(socket).find(({ description }) => description === name);
}
