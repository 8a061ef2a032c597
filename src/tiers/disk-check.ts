import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { codeOf } from './disk-errors.js';
import { treeFault } from './disk-walk.js';

/*
 * LMDB trusts its file: it maps it and follows page numbers, and a process that does so into a file too short or
 * not LMDB's dies of SIGBUS or an assertion instead of getting an error. So the two meta pages are looked at first.
 * Layout of data format 2 on 64-bit machines (mdb.c: MDB_page_header, MDB_meta); page 1 begins one page size later.
 */

const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const FLAGS_AT = 18;
const MAGIC_AT = 24;
const VERSION_AT = 28;
const MAPSIZE_AT = 40;
const PAGESIZE_AT = 48;
const FREE_TREE_AT = 48;
const MAIN_TREE_AT = 96;
const LAST_PAGE_AT = 144;
const TXN_AT = 152;
const META_END = 168;
const META_FLAG = 0x08;

/** Pages at the end that a crash may leave unwritten because they were free at once; more missing means damage. */
const MISSING_PAGES = 256;

export type IndexCheck =
  | { readonly state: 'absent' }
  | { readonly state: 'good'; readonly mapSize: number }
  | { readonly state: 'bad'; readonly detail: string };

/**
 * Looks at LMDB's file. For the writer (`repair`) the trees are walked too, 4 µs a page, and missing free pages at the
 * end are added, so that none maps to nothing. `suspect`: a start before this one did not come to its end.
 */
export function checkIndexFile(path: string, repair: boolean, suspect = false): IndexCheck {
  let fd: number;
  try {
    fd = openSync(path, repair ? 'r+' : 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { state: 'absent' };
    throw error;
  }
  try {
    const { size } = fstatSync(fd);
    if (size === 0) return { state: 'absent' };
    const first = metaAt(fd, 0);
    if (typeof first === 'string') return bad(`first meta page: ${first}`);
    const second = metaAt(fd, first.pageSize);
    if (typeof second === 'string') return bad(`second meta page: ${second}`);
    if (second.pageSize !== first.pageSize) return bad('meta pages disagree about the page size');
    const pages = Math.max(first.lastPage, second.lastPage) + 1;
    const missing = pages - Math.floor(size / first.pageSize);
    if (missing > MISSING_PAGES) return bad(`file ends ${missing} pages early`);
    if (repair) {
      const fault = faultOf(fd, first, second, suspect);
      if (fault !== undefined) return bad(fault);
      if (missing > 0) ftruncateSync(fd, pages * first.pageSize);
    }
    return { state: 'good', mapSize: Math.max(first.mapSize, second.mapSize) };
  } finally {
    closeSync(fd);
  }
}

/**
 * The newest commit must be whole. After a power cut it need not be: LMDB then goes back to the last one that was
 * flushed, so one that is whole is enough, unless opening has already failed once.
 */
function faultOf(fd: number, first: Meta, second: Meta, suspect: boolean): string | undefined {
  const [newer, older] = first.txn >= second.txn ? [first, second] : [second, first];
  const fault = metaFault(fd, newer);
  if (fault === undefined || suspect) return fault;
  // lmdb keeps a third, the last flushed one, in the second half of page 0.
  const synced = Buffer.alloc(META_END);
  readSync(fd, synced, 0, META_END, newer.pageSize / 2);
  const whole = [older, { ...newer, bytes: synced, lastPage: lastPageOf(synced) }].some(
    (meta) => meta.bytes.readBigUInt64LE(TXN_AT) > 0n && metaFault(fd, meta) === undefined,
  );
  return whole ? undefined : fault;
}

function metaFault(fd: number, meta: Meta): string | undefined {
  const file = { fd, pageSize: meta.pageSize, pages: meta.lastPage + 1 };
  const tree = (at: number): string | undefined => treeFault(file, meta.bytes.subarray(at, at + 48));
  return tree(FREE_TREE_AT) ?? tree(MAIN_TREE_AT);
}

interface Meta {
  readonly bytes: Buffer;
  readonly pageSize: number;
  readonly mapSize: number;
  readonly lastPage: number;
  readonly txn: bigint;
}

function metaAt(fd: number, position: number): Meta | string {
  const bytes = Buffer.alloc(META_END);
  if (readSync(fd, bytes, 0, META_END, position) < META_END) return 'too short';
  if ((bytes.readUInt16LE(FLAGS_AT) & META_FLAG) === 0) return 'not a meta page';
  if (bytes.readUInt32LE(MAGIC_AT) !== MAGIC) return 'not an LMDB file';
  if ((bytes.readUInt32LE(VERSION_AT) & 0xffff) !== DATA_VERSION) return 'another data format of LMDB';
  const pageSize = bytes.readUInt32LE(PAGESIZE_AT);
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0)
    return `page size ${pageSize}`;
  const mapSize = Number(bytes.readBigUInt64LE(MAPSIZE_AT));
  return { bytes, pageSize, mapSize, lastPage: lastPageOf(bytes), txn: bytes.readBigUInt64LE(TXN_AT) };
}

function lastPageOf(bytes: Buffer): number {
  return Number(bytes.readBigUInt64LE(LAST_PAGE_AT));
}

function bad(detail: string): IndexCheck {
  return { state: 'bad', detail };
}
