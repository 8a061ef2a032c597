import type { IncomingMessage } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { ProxyError } from '../errors.js';

/**
 * Of a request's body so much is read before the origin is asked, bytes: a client that sends slowly holds none of the few
 * connections there are to the origin. What is written to TMDB is shorter. Once more as much may lie on the way.
 */
const AHEAD_BYTES = 16 * 1024;

/**
 * A request's body as a stream of its own: destroying it (as a failing origin request does) must not take the client's connection with
 * it, on which the error is to be told.
 */
export function uploadOf(incoming: IncomingMessage): PassThrough {
  const body = new PassThrough({ highWaterMark: AHEAD_BYTES });
  body.on('error', () => incoming.unpipe(body));
  return incoming.pipe(body);
}

/** A body that was read before, as such a stream. Undefined of an empty one. */
export function uploadAgain(bytes: Buffer): Readable | undefined {
  if (bytes.length === 0) return undefined;
  // Until its request to the origin begins nobody else listens: one whose client leaves while it waits would end the process.
  return Readable.from(bytes).on('error', () => {});
}

/** Resolves when all of it has come, or as much as is read ahead. Rejects when it is destroyed before, as its client has left. */
export function readAhead(incoming: IncomingMessage, body: PassThrough): Promise<void> {
  return new Promise((resolve, reject) => {
    incoming.once('end', () => resolve());
    // It pauses for its pipe alone: when that is full, or gone.
    incoming.once('pause', () => {
      if (!body.destroyed) resolve();
    });
    body.once('error', (cause) =>
      reject(new ProxyError('client_closed', 'the client left before its body had come', { cause })),
    );
  });
}
