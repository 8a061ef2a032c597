import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { checkIndexFile } from './disk-check.js';
import { codeOf, messageOf } from './disk-errors.js';
import { type DiskEventListener, DiskStoreError } from './disk-types.js';

/** Raise it when the layout of the directory, of rows or of records changes. */
const STORE_SCHEMA = 1;

/** Starts in a row that ended while opening before the index itself is suspected of killing the process. */
const MAX_FAILED_OPENINGS = 3;

export interface Layout {
  readonly directory: string;
  readonly index: string;
  readonly bodies: string;
  readonly marker: string;
  /** A smaller copy of the index, while it is being made. */
  readonly compact: string;
  /** Present while a writer opens; holds how often that was tried in a row without coming to an end. */
  readonly opening: string;
}

export interface Environment {
  readonly root: RootDatabase<Buffer, Buffer>;
  readonly rows: Database<Buffer, Buffer>;
  readonly durable: Database<Buffer, Buffer>;
}

export function layoutOf(directory: string): Layout {
  const absolute = resolve(directory);
  return {
    directory: absolute,
    index: join(absolute, 'index.mdb'),
    bodies: join(absolute, 'bodies'),
    marker: join(absolute, 'store.json'),
    compact: join(absolute, 'index-compact.mdb'),
    opening: join(absolute, 'opening'),
  };
}

/** Makes the directory and proves that it can be written. A file in its place is moved aside. */
export function makeDirectory(layout: Layout, now: number, onEvent: DiskEventListener): void {
  try {
    if (statSync(layout.directory, { throwIfNoEntry: false })?.isFile() === true) {
      const to = `${layout.directory}.corrupt-${stamp(now)}`;
      renameSync(layout.directory, to);
      const detail = 'a file stood where the store’s directory belongs';
      onEvent({ type: 'moved-aside', reason: 'foreign', from: layout.directory, to, detail });
    }
    makeWithParents(layout.directory);
    const probe = join(layout.directory, `.probe-${process.pid}`);
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (error) {
    const text = `disk store directory ${layout.directory} cannot be written: ${messageOf(error)}`;
    throw new DiskStoreError('unwritable', text, { cause: error });
  }
}

/** Not `recursive: true`: Node 20 never returns from that where a parent refuses with ENOENT, as /proc does. */
function makeWithParents(directory: string): void {
  if (existsSync(directory)) return;
  makeWithParents(dirname(directory));
  mkdirSync(directory);
}

/**
 * Looks at what is there before LMDB does. What cannot be ours, or ours and whole, is moved aside: only names that
 * the store itself uses; other files in the directory are left alone. Called with the writer's lock held.
 */
export function prepare(layout: Layout, now: number, onEvent: DiskEventListener): void {
  const fault = faultOf(layout);
  if (fault !== undefined) moveAside(layout, fault.reason, fault.detail, now, onEvent);
  rmSync(layout.compact, { force: true });
  writeFileSync(layout.opening, String(openings(layout) + 1));
  if (!existsSync(layout.bodies)) mkdirSync(layout.bodies);
  writeFileSync(layout.marker, `${JSON.stringify({ store: 'tmdb-cache-proxy', schema: STORE_SCHEMA })}\n`);
}

/** Says that opening came to its end. */
export function opened(layout: Layout): void {
  rmSync(layout.opening, { force: true });
}

type Fault = { reason: 'corrupt' | 'foreign' | 'schema'; detail: string };

function faultOf(layout: Layout): Fault | undefined {
  const present = [layout.index, layout.bodies, layout.marker].filter((path) => existsSync(path));
  if (present.length === 0) return undefined;
  if (!present.includes(layout.marker)) return { reason: 'foreign', detail: 'no store.json beside the data' };
  let schema: unknown;
  try {
    const marker: unknown = JSON.parse(readFileSync(layout.marker, 'utf8'));
    if (typeof marker === 'object' && marker !== null && 'schema' in marker) schema = marker.schema;
  } catch (error) {
    return { reason: 'corrupt', detail: `store.json cannot be read: ${messageOf(error)}` };
  }
  if (typeof schema !== 'number') return { reason: 'foreign', detail: 'store.json is not this program’s' };
  if (schema !== STORE_SCHEMA)
    return { reason: 'schema', detail: `schema ${schema}, this program has ${STORE_SCHEMA}` };
  if (existsSync(layout.bodies) && !statSync(layout.bodies).isDirectory()) {
    return { reason: 'foreign', detail: 'bodies is not a directory' };
  }
  if (openings(layout) >= MAX_FAILED_OPENINGS) {
    return { reason: 'corrupt', detail: `${MAX_FAILED_OPENINGS} starts in a row ended while opening it` };
  }
  const check = checkIndexFile(layout.index, true, openings(layout) > 0);
  return check.state === 'bad' ? { reason: 'corrupt', detail: `index.mdb: ${check.detail}` } : undefined;
}

function openings(layout: Layout): number {
  if (!existsSync(layout.opening)) return 0;
  const count = Number(readFileSync(layout.opening, 'utf8'));
  return Number.isInteger(count) ? count : 1;
}

/** Moves every name the store uses (and nothing else) into a directory beside it, or inside where a mount point allows nothing else. */
export function moveAside(
  layout: Layout,
  reason: Fault['reason'],
  detail: string,
  now: number,
  onEvent: DiskEventListener,
): void {
  const beside = join(dirname(layout.directory), `${basename(layout.directory)}.corrupt-${stamp(now)}`);
  let to: string;
  try {
    to = moveOwnNames(layout.directory, beside);
  } catch (error) {
    if (!['EXDEV', 'EBUSY', 'EACCES', 'EPERM', 'EROFS'].includes(codeOf(error))) throw error;
    to = moveOwnNames(layout.directory, join(layout.directory, `corrupt-${stamp(now)}`));
  }
  onEvent({ type: 'moved-aside', reason, from: layout.directory, to, detail });
}

/** The new directory's path; one that exists already is not used again. An empty one is taken back on failure. */
function moveOwnNames(from: string, wanted: string): string {
  let to = wanted;
  for (let n = 2; existsSync(to); n += 1) to = `${wanted}-${n}`;
  mkdirSync(to);
  let moved = 0;
  try {
    for (const name of ['index.mdb', 'index.mdb-lock', 'bodies', 'store.json', 'opening']) {
      if (!existsSync(join(from, name))) continue;
      renameSync(join(from, name), join(to, name));
      moved += 1;
    }
  } catch (error) {
    if (moved === 0) rmdirSync(to);
    throw error;
  }
  return to;
}

/** `2026-01-31T12-00-00-000Z`: sortable, and valid in file names everywhere. */
function stamp(now: number): string {
  return new Date(now).toISOString().replace(/[:.]/g, '-');
}

/**
 * Opens LMDB. The reasons for what is set:
 * - `mapSize`: address space only; lmdb grows the map beyond it by itself, so it bounds nothing (the writer does).
 *   Large enough never to be remapped, because remapping keeps the old map alive.
 * - `overlappingSync`: a commit is visible at once and flushed behind it by LMDB's own thread, in an order that makes
 *   a power cut cost the last commits and nothing else. `noSync` writes three times faster and can leave a tree that
 *   crashes the process that reads it: no bargain for a cache that refills itself.
 * - `noMemInit`: pages need no zeroing; nothing secret is in this process that is not in the store anyway.
 * - no `eventTurnBatching`: the writer makes its own batches, and lmdb's carry a promise that nobody can reach, whose
 *   rejection (a commit that failed, as on a full disk) ends the process.
 * - no compression: bodies are not in here, and heads are small. No cache, no versions: one number more per row.
 */
export function openEnvironment(layout: Layout, mapSize: number, readOnly: boolean): Environment {
  const root = open<Buffer, Buffer>(layout.index, {
    encoding: 'binary',
    keyEncoding: 'binary',
    mapSize,
    maxDbs: 4,
    maxReaders: 512,
    noMemInit: true,
    eventTurnBatching: false,
    readOnly,
    ...(readOnly ? {} : { overlappingSync: process.platform !== 'win32' }),
  });
  const table = { encoding: 'binary', keyEncoding: 'binary' } as const;
  return { root, rows: root.openDB('rows', table), durable: root.openDB('durable', table) };
}
