import { createHash } from 'node:crypto';
import { type Master, mastersOf } from './redis-masters.js';
import { addresses, readHeads, type ScanParts, type StoredRow, scanStep } from './redis-scan.js';
import type { ListPage, ListQuery, Row } from './tier.js';

/**
 * Where a listing goes on. Its batch is asked for again and what was looked at is left out, by name: the table may have been
 * resized and the batch be another. SCAN goes by buckets, so names come in one order whatever COUNT is, and pages of any
 * size and offset fit together; nothing is sorted for that reason.
 */
interface Cursor {
  /** Digest of the masters: cursors of SCAN mean nothing to another server, so a change of them starts over. */
  readonly masters: string;
  readonly index: number;
  readonly scan: string;
  /** Digests of the names of this batch that were looked at. */
  readonly done: readonly string[];
}

/** Largest COUNT of one step. */
const MAX_STEP = 100;
/** A step that finds nothing of ours counts as so many keys looked at: the database may be full of others' keys. */
const EMPTY_STEP = 10;

/**
 * Rows in no order, from one master after the other. Every entry that is there throughout comes at least once. A master
 * that fails is left out and reported; a cursor that is not ours starts over. Either makes the page incomplete: of masters that are
 * others than before one may only be out of reach.
 */
export async function listEntries(parts: ScanParts, query: ListQuery): Promise<ListPage> {
  let isWhole = true;
  const onTrouble = (error: unknown) => {
    isWhole = false;
    parts.onTrouble(error);
  };
  if (query.after === '') await parts.control.remap(parts.deadline).catch(onTrouble);
  const masters = mastersOf(parts.control);
  const digest = createHash('sha256').update(addresses(masters)).digest('base64url').slice(0, 12);
  const rows: Row[] = [];
  let looked = 0;
  const asked = query.after === '' ? startOf(digest) : parseCursor(query.after, digest);
  if (asked === undefined || masters.length === 0) isWhole = false;
  let at = asked ?? startOf(digest);
  const page = (next: string | null): ListPage =>
    isWhole ? { rows, next } : { rows, next, incomplete: true };
  while (at.index < masters.length) {
    if (rows.length >= query.limit || looked >= query.scanLimit) return page(printCursor(at));
    const room = { rows: query.limit - rows.length, keys: query.scanLimit - looked };
    const step = await listStep(parts, masters[at.index]!, at, query, room).catch((error: unknown) => {
      onTrouble(error);
      return { rows: [], looked: 0, next: nextMaster(at) };
    });
    rows.push(...step.rows);
    looked += step.looked;
    at = step.next;
  }
  return page(null);
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
  // A page has room for a whole batch where it can: one that is repeated costs its scan again.
  const count = Math.min(MAX_STEP, Math.max(1, Math.floor(Math.min(query.limit, query.scanLimit) / 2)));
  const batch = await scanStep(parts, master, at.scan, count);
  const done = new Set(at.done);
  const names = [...new Set(batch.names)].filter((name) => !done.has(digestOf(name)));
  const offered = names.slice(0, room.keys);
  const found = (await readHeads(parts, master, offered)).filter(({ head }) => wanted(head, query));
  const given = found.slice(0, room.rows);
  // How far this page is complete: to the last row that had room, or to the last name that was looked at.
  const last = found.length > given.length ? names.indexOf(given.at(-1)!.name) : offered.length - 1;
  const complete = last === names.length - 1;
  return {
    rows: given.map(asRow),
    looked: Math.max(EMPTY_STEP, offered.length),
    next: complete
      ? afterBatch(at, batch.next)
      : { ...at, done: [...at.done, ...names.slice(0, last + 1).map(digestOf)] },
  };
}

function wanted(head: StoredRow['head'], { contains, class: name }: ListQuery): boolean {
  return head.key.includes(contains) && (name === undefined || head.class === name);
}

function asRow({ head, bytes }: StoredRow): Row {
  return { head, bytes, tier: 'redis' };
}

function afterBatch(at: Cursor, next: string): Cursor {
  return next === '0' ? nextMaster(at) : { masters: at.masters, index: at.index, scan: next, done: [] };
}

function nextMaster({ masters, index }: Cursor): Cursor {
  return { masters, index: index + 1, scan: '0', done: [] };
}

/** 36 bits tell the names of one batch apart. */
const DIGEST = 6;

function digestOf(name: string): string {
  return createHash('sha256').update(name).digest('base64url').slice(0, DIGEST);
}

const CURSOR_VERSION = 2;

function printCursor({ masters, index, scan, done }: Cursor): string {
  const fields = [CURSOR_VERSION, masters, index, scan, done.join('')];
  return Buffer.from(JSON.stringify(fields)).toString('base64url');
}

function startOf(masters: string): Cursor {
  return { masters, index: 0, scan: '0', done: [] };
}

/** Undefined: nothing of ours, or of other masters. */
function parseCursor(text: string, masters: string): Cursor | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  if (!Array.isArray(fields)) return undefined;
  const [version, of, index, scan, done] = fields as unknown[];
  if (version !== CURSOR_VERSION || of !== masters || !Number.isSafeInteger(index) || Number(index) < 0)
    return undefined;
  if (typeof scan !== 'string' || !/^\d{1,20}$/.test(scan) || typeof done !== 'string') return undefined;
  return { masters, index: index as number, scan, done: done.match(/.{6}/g) ?? [] };
}
