import { createHash } from 'node:crypto';
import { type Master, mastersOf } from './redis-masters.js';
import { addresses, readHeads, type ScanParts, type StoredRow, scanStep } from './redis-scan.js';
import type { ListPage, ListQuery, Row } from './tier.js';

/**
 * Where a listing goes on. Its batch is asked for again and what came up to `last` is left out: SCAN gives the same names
 * for the same cursor unless they changed, which `end` tells; then the batch is given once more (rather twice than never).
 */
interface Cursor {
  /** Digest of the masters: cursors of SCAN mean nothing to another server, so a change of them starts over. */
  readonly masters: string;
  readonly index: number;
  readonly scan: string;
  readonly last?: string | undefined;
  readonly end?: string | undefined;
}

/** Largest COUNT of one step. */
const MAX_STEP = 100;
/** A step that finds nothing of ours counts as so many keys looked at: the database may be full of others' keys. */
const EMPTY_STEP = 10;

/**
 * Rows in no order, from one master after the other. Every entry that is there throughout comes at least once. A master
 * that fails is left out and reported; a cursor that is not ours starts over.
 */
export async function listEntries(parts: ScanParts, query: ListQuery): Promise<ListPage> {
  const masters = mastersOf(parts.control);
  const digest = createHash('sha256').update(addresses(masters)).digest('base64url').slice(0, 12);
  const rows: Row[] = [];
  let looked = 0;
  let at = parseCursor(query.after, digest);
  while (at.index < masters.length) {
    if (rows.length >= query.limit || looked >= query.scanLimit) return { rows, next: printCursor(at) };
    const room = { rows: query.limit - rows.length, keys: query.scanLimit - looked };
    const step = await listStep(parts, masters[at.index]!, at, query, room).catch((error: unknown) => {
      parts.onTrouble(error);
      return { rows: [], looked: 0, next: nextMaster(at) };
    });
    rows.push(...step.rows);
    looked += step.looked;
    at = step.next;
  }
  return { rows, next: null };
}

interface Step {
  readonly rows: readonly Row[];
  readonly looked: number;
  readonly next: Cursor;
}

async function listStep(
  parts: ScanParts,
  master: Master,
  at: Cursor,
  query: ListQuery,
  room: { readonly rows: number; readonly keys: number },
): Promise<Step> {
  // A page has room for a whole batch: one that had to be repeated while names come and go would make no headway.
  const count = Math.min(MAX_STEP, Math.max(1, Math.floor(Math.min(query.limit, query.scanLimit) / 2)));
  const batch = await scanStep(parts, master, at.scan, count);
  const last = at.end === batch.next ? (at.last ?? '') : '';
  const names = [...new Set(batch.names)].filter((name) => name > last).sort();
  const offered = names.slice(0, room.keys);
  const found = (await readHeads(parts, master, offered)).filter(({ head }) => wanted(head, query));
  const given = found.slice(0, room.rows);
  // Up to where this page is complete: the last row that had room, or the last name that was looked at.
  const upTo = found.length > given.length ? given.at(-1)!.name : offered.at(-1);
  const complete = found.length === given.length && offered.length === names.length;
  return {
    rows: given.map(asRow),
    looked: Math.max(EMPTY_STEP, offered.length),
    next: complete ? afterBatch(at, batch.next) : { ...at, last: upTo, end: batch.next },
  };
}

function wanted(head: StoredRow['head'], { contains, class: name }: ListQuery): boolean {
  return head.key.includes(contains) && (name === undefined || head.class === name);
}

function asRow({ head, bytes }: StoredRow): Row {
  return { head, bytes, tier: 'redis' };
}

function afterBatch(at: Cursor, next: string): Cursor {
  return next === '0' ? nextMaster(at) : { masters: at.masters, index: at.index, scan: next };
}

function nextMaster({ masters, index }: Cursor): Cursor {
  return { masters, index: index + 1, scan: '0' };
}

const CURSOR_VERSION = 1;

function printCursor({ masters, index, scan, last, end }: Cursor): string {
  const fields = [CURSOR_VERSION, masters, index, scan, last ?? '', end ?? ''];
  return Buffer.from(JSON.stringify(fields)).toString('base64url');
}

function parseCursor(text: string, masters: string): Cursor {
  const start: Cursor = { masters, index: 0, scan: '0' };
  let fields: unknown;
  try {
    fields = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return start; // '' for the first page, or nothing of ours
  }
  if (!Array.isArray(fields)) return start;
  const [version, of, index, scan, last, end] = fields as unknown[];
  if (version !== CURSOR_VERSION || of !== masters || !Number.isSafeInteger(index) || Number(index) < 0)
    return start;
  if (typeof scan !== 'string' || !/^\d{1,20}$/.test(scan)) return start;
  if (typeof last !== 'string' || typeof end !== 'string') return start;
  return { masters, index: index as number, scan, last, end };
}
