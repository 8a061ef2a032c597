import { decoded, linesOf } from './lines.js';

/** One line of a daily export, as far as it matters here. */
export interface ExportedId {
  readonly id: number;
  readonly popularity: number;
  readonly adult: boolean;
}

/** Lines that were no records. */
export interface Tally {
  bad: number;
}

/** A line of an export has about 120 bytes. */
const MAX_LINE_BYTES = 64 * 1024;
/** So many lines without one record are no export: an error page, some other file. */
const MAX_BAD_FIRST = 100;

/**
 * Records of a daily export (TMDB.md: gzipped lines of JSON), gzipped or not, whatever its size; those of one piece together.
 * Damaged lines are counted in `tally`. Rejects when it is no list of JSON objects with ids, and when it breaks off.
 */
export async function* exportIds(
  bytes: AsyncIterable<Buffer>,
  tally: Tally = { bad: 0 },
): AsyncIterable<readonly ExportedId[]> {
  let good = 0;
  for await (const lines of linesOf(decoded(bytes), MAX_LINE_BYTES)) {
    const records: ExportedId[] = [];
    for (const line of lines) {
      if (line !== null && line.trim() === '') continue;
      const record = line === null ? undefined : recordOf(line);
      if (record === undefined) tally.bad++;
      else records.push(record);
    }
    good += records.length;
    if (good === 0 && tally.bad >= MAX_BAD_FIRST) throw noExport();
    yield records;
  }
  if (good === 0) throw noExport();
}

function noExport(): Error {
  return new Error('this is no daily id export: it has no line like {"id":550,"popularity":61.4}');
}

function recordOf(line: string): ExportedId | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, popularity, adult } = value as Record<string, unknown>;
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id <= 0) return undefined;
  const known = typeof popularity === 'number' && Number.isFinite(popularity);
  return { id, popularity: known ? popularity : 0, adult: adult === true };
}
