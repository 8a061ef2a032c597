import { readSync } from 'node:fs';

/*
 * A walk over LMDB's B-trees by plain reads, because LMDB itself answers a damaged page with an assertion, that is
 * with the end of the process, at every start again. Layout of data format 2 (mdb.c: MDB_page_header, MDB_node,
 * MDB_db, MDB_ovpage). Contents of nodes are not judged here: rows carry checksums of their own.
 */

const HEADER = 24;
const BRANCH = 0x01;
const LEAF = 0x02;
const OVERFLOW = 0x04;
const KIND = BRANCH | LEAF | OVERFLOW | 0x08 | 0x20 | 0x40;
const BIG_DATA = 0x01;
const SUB_TREE = 0x02;
const NO_ROOT = 0xffffffffffffffffn;

export interface TreeFile {
  readonly fd: number;
  readonly pageSize: number;
  /** Pages in use, free ones among them: every number below is within the file. */
  readonly pages: number;
}

/** Reads the tree whose descriptor (MDB_db, 48 bytes) is given, and trees within it. The first fault, or undefined. */
export function treeFault(file: TreeFile, descriptor: Buffer): string | undefined {
  const root = descriptor.readBigUInt64LE(40);
  if (root === NO_ROOT) return undefined;
  const depth = descriptor.readUInt16LE(6);
  if (depth === 0 || depth > 32) return `tree of depth ${depth}`;
  return pageFault(file, Number(root), depth);
}

function pageFault(file: TreeFile, number: number, depth: number): string | undefined {
  const page = readPage(file, number);
  if (page === undefined) return `page ${number} lies beyond the end`;
  if (Number(page.readBigUInt64LE(0)) !== number) return `page ${number} says it is another`;
  const kind = page.readUInt16LE(18) & KIND;
  if (kind !== (depth === 1 ? LEAF : BRANCH)) return `page ${number} is of kind ${kind}`;
  // Both count from the end of the header.
  const lower = page.readUInt16LE(20);
  const upper = page.readUInt16LE(22);
  if (lower > upper || HEADER + upper > file.pageSize || (lower & 1) !== 0)
    return `page ${number} has wrong bounds`;
  const keys = lower >> 1;
  if (kind === BRANCH && keys < 1) return `branch page ${number} has ${keys} keys`;
  for (let i = 0; i < keys; i += 1) {
    const at = HEADER + page.readUInt16LE(HEADER + 2 * i);
    if (at < HEADER + upper || at + 8 > file.pageSize) return `page ${number} has a node outside`;
    const fault = kind === BRANCH ? branchFault(file, page, at, depth) : leafFault(file, page, at);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function branchFault(file: TreeFile, page: Buffer, at: number, depth: number): string | undefined {
  if (at + 8 + page.readUInt16LE(at + 6) > file.pageSize) return 'a branch key runs out of its page';
  const child = page.readUInt32LE(at) + page.readUInt16LE(at + 4) * 2 ** 32;
  return pageFault(file, child, depth - 1);
}

function leafFault(file: TreeFile, page: Buffer, at: number): string | undefined {
  const length = page.readUInt32LE(at);
  const flags = page.readUInt16LE(at + 4);
  const data = at + 8 + page.readUInt16LE(at + 6);
  const inPage = (flags & BIG_DATA) === 0 ? length : 24;
  if (data + inPage > file.pageSize) return 'a node runs out of its page';
  if ((flags & BIG_DATA) !== 0) {
    const start = Number(page.readBigUInt64LE(data));
    const count = Math.ceil((HEADER + length) / file.pageSize);
    const first = readPage(file, start);
    if (first === undefined || start + count > file.pages)
      return `overflow page ${start} lies beyond the end`;
    if ((first.readUInt16LE(18) & KIND) !== OVERFLOW || Number(first.readBigUInt64LE(0)) !== start) {
      return `page ${start} is no overflow page`;
    }
    if (first.readUInt32LE(20) < count) return `overflow page ${start} is too short`;
  }
  if ((flags & SUB_TREE) !== 0) {
    return length === 48
      ? treeFault(file, page.subarray(data, data + 48))
      : 'a tree descriptor of wrong length';
  }
  return undefined;
}

function readPage(file: TreeFile, number: number): Buffer | undefined {
  if (number < 2 || number >= file.pages) return undefined;
  const page = Buffer.allocUnsafe(file.pageSize);
  const count = readSync(file.fd, page, 0, file.pageSize, number * file.pageSize);
  return count === file.pageSize ? page : undefined;
}
