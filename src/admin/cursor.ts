import { invalid } from './problem.js';

const VERSION = '1:';

/** Where a listing goes on, opaque to clients: the version and `next` of the page (a key or a position), base64url. */
export function encodeCursor(next: string): string {
  return Buffer.from(VERSION + next, 'utf8').toString('base64url');
}

/** What was encoded, or a 400. Only what `encodeCursor` made is taken: decoding alone would accept almost any text. */
export function decodeCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const next = text.slice(VERSION.length);
  if (!text.startsWith(VERSION) || encodeCursor(next) !== cursor)
    throw invalid([
      { name: 'cursor', in: 'query', reason: 'must be a next_cursor of an earlier answer, as it was' },
    ]);
  return next;
}
