import { ProxyError } from '../errors.js';

/**
 * Where a listing with an unsorted L2 goes on. First `shared`: all of L2, by a cursor of its own. Then `memory`: what
 * only memory holds, by key. `since`: when the walk began, ms of the clock of the node that began it.
 */
export interface Position {
  readonly phase: 'shared' | 'memory';
  /** Which L2 it was: a cursor of one means nothing to another. */
  readonly place: string;
  readonly since: number;
  readonly after: string;
}

/** No key begins so; what begins otherwise is a key, a position in a sorted listing. */
const MARK = '\0';
const PATTERN = /^\0(shared|memory) ([^ ]*) (\d{1,15}) (.*)$/s;

/** As the `after` of a query and the `next` of a page. */
export function printPosition({ phase, place, since, after }: Position): string {
  return `${MARK}${phase} ${place} ${since} ${after}`;
}

/** Where a walk over this unsorted L2 stands. Throws for a position in another kind of listing. */
export function readPosition(text: string, place: string, now: number): Position {
  if (text === '') return { phase: 'shared', place, since: Math.floor(now), after: '' };
  const [, phase, where, since, after] = PATTERN.exec(text) ?? [];
  if (where !== place) throw elsewhere();
  return { phase: phase === 'memory' ? 'memory' : 'shared', place, since: Number(since), after: after ?? '' };
}

/** Throws for a position in an unsorted listing. */
export function readKey(text: string): string {
  if (text.startsWith(MARK)) throw elsewhere();
  return text;
}

function elsewhere(): ProxyError {
  return new ProxyError(
    'bad_request',
    'cursor: another store has taken the place of the one it was made for, or `tier` is another; start anew without it',
  );
}
