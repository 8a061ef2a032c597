import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

const STDOUT = 1;

/**
 * What writes to standard output without ever waiting for whoever reads it: `EAGAIN` is thrown instead. A file is written as any file
 * is; pipes and terminals are opened once more, so that nobody else who writes there is affected.
 */
export function standardOutput(): (bytes: string | Buffer) => number {
  const fd = withoutWaiting();
  return (bytes) => (typeof bytes === 'string' ? writeSync(fd, bytes) : writeSync(fd, bytes));
}

function withoutWaiting(): number {
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    if (fstatSync(STDOUT).isFile()) return STDOUT;
    return openSync(`/proc/self/fd/${STDOUT}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return setNonBlocking();
  }
}

/** A socket (systemd's journal, a parent that is Node) can't be opened again, nor what another user has opened. */
function setNonBlocking(): number {
  try {
    // Node sets it when it takes a descriptor over; nothing is ever written or read this way.
    held = new Socket({ fd: STDOUT, readable: false, writable: true });
    held.on('error', () => {});
    held.unref();
  } catch {
    // Not a stream at all: then nobody is waited for.
  }
  return STDOUT;
}

/** Collected, it would close the descriptor. */
let held: Socket | undefined;

/** Sleeps with the whole process. */
export function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
