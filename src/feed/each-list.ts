import { ProxyError } from '../errors.js';
import { FEED_KINDS, type FeedKind } from './status.js';

/** A page of a list can't be read: told apart from trouble of this proxy's own, which ends the whole reading. */
class Unreadable extends Error {
  constructor(readonly why: ProxyError) {
    super(why.message);
  }
}

/** Asks for a page. What it rejects with keeps `withEachList` from this list only. */
export async function askForPage<R>(ask: () => Promise<R>): Promise<R> {
  try {
    return await ask();
  } catch (error) {
    throw error instanceof ProxyError ? new Unreadable(error) : error;
  }
}

/**
 * Deals with one list after the other, the others also where one can't be read. Answers why the first of those can't. Rejects where
 * nothing more is to be done: the turn is lost, Redis is away, this node stops.
 */
export async function withEachList(deal: (kind: FeedKind) => Promise<void>): Promise<ProxyError | undefined> {
  let trouble: ProxyError | undefined;
  for (const kind of FEED_KINDS) {
    try {
      await deal(kind);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      trouble ??= error.why;
    }
  }
  return trouble;
}
