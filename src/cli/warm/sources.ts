import { createReadStream, existsSync } from 'node:fs';
import { basename } from 'node:path';
import { addAbortSignal } from 'node:stream';
import type { SitePolicy } from '../../cache/site.js';
import { Frequencies, loggedRead, loggedTarget } from '../../warm/access-log.js';
import { targetOf } from '../../warm/addresses.js';
import { EXPORT_KINDS, type ExportKind, kindOf } from '../../warm/export-list.js';
import { decoded, linesOf } from '../../warm/lines.js';
import { MAX_TARGET } from '../../warm/target.js';

const MAX_LINE_BYTES = 4 * MAX_TARGET;

/** What a source held that makes no target. */
export interface Omitted {
  count: number;
}

/**
 * Targets of a list of addresses, one a line, gzipped or not; blank lines and those that begin with `#` are left out. What may not be
 * shared is counted in `omitted` and leaves this process as little as a credential does.
 */
export async function* listed(
  site: SitePolicy,
  bytes: AsyncIterable<Buffer>,
  omitted: Omitted,
): AsyncIterable<string> {
  for await (const lines of linesOf(decoded(bytes), MAX_LINE_BYTES)) {
    for (const line of lines) {
      const text = line?.trim();
      if (text === '' || text?.startsWith('#')) continue;
      const target = text === undefined ? undefined : targetOf(site, text);
      if (target === undefined) omitted.count++;
      else yield target;
    }
  }
}

/** The `most` frequent targets of an access log, gzipped or not. Rejects when no line of it can be read. */
export async function* mostLogged(
  site: SitePolicy,
  bytes: AsyncIterable<Buffer>,
  most: number,
): AsyncIterable<string> {
  const frequencies = new Frequencies();
  let read = 0;
  for await (const lines of linesOf(decoded(bytes), MAX_LINE_BYTES)) {
    for (const line of lines) {
      const logged = line === null ? undefined : loggedRead(line);
      if (logged === undefined) continue;
      read++;
      const target = loggedTarget(site, logged);
      if (target !== undefined) frequencies.add(target, logged.times);
    }
  }
  if (read === 0) {
    const formats = 'JSON lines of this proxy, common and combined log format';
    throw new Error(
      `no line of the log is a GET that was answered with 200 or 304; what is read: ${formats}`,
    );
  }
  yield* frequencies.top(most);
}

/** What the ids of an export's file or URL are of. Throws when neither `given` nor its name tells. */
export function exportKind(place: string, given: ExportKind | undefined): ExportKind {
  const name = basename(place.replace(/[?#].*$/, ''));
  const kind = given ?? kindOf(name);
  if (kind !== undefined) return kind;
  if (isUrl(place) || existsSync(place))
    throw new Error(`"${name}" does not tell what its ids are of: add --kind movie, say`);
  throw new Error(`"${place}" is no kind (${EXPORT_KINDS.join(', ')}), no file that is there, and no URL`);
}

/** Bytes of a file, or of standard input (`-`), until `signal` fires. */
export async function* fileBytes(path: string, signal: AbortSignal): AsyncIterable<Buffer> {
  const stream = path === '-' ? process.stdin : createReadStream(path);
  try {
    yield* addAbortSignal(signal, stream) as AsyncIterable<Buffer>;
  } catch (thrown) {
    const why = FILE_TROUBLE.get((thrown as NodeJS.ErrnoException).code ?? '');
    throw why === undefined ? thrown : new Error(`${path} can't be read: ${why}`, { cause: thrown });
  }
}

/** What system errors mean to whoever has named a file. */
const FILE_TROUBLE: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['ENOTDIR', 'there is no such file'],
  ['EISDIR', 'it is a directory'],
  ['EACCES', 'this user may not'],
]);

function isUrl(place: string): boolean {
  return /^https?:\/\//i.test(place);
}

/** The same, or what a URL answers; `proxyOf`: by way of which forward proxy. */
export async function* placeBytes(
  place: string,
  signal: AbortSignal,
  proxyOf: (url: URL) => string | undefined,
): AsyncIterable<Buffer> {
  if (!isUrl(place)) return yield* fileBytes(place, signal);
  const { openExport } = await import('../../warm/export-client.js');
  const { status, body, close } = await openExport(place, { proxy: proxyOf(new URL(place)), signal });
  try {
    if (status !== 200)
      throw new Error(`${new URL(place).host} answered ${status}: give the URL of an export`);
    yield* body;
  } finally {
    await close();
  }
}
