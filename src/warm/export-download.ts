import { ProxyError } from '../errors.js';
import { type ExportChoice, exportDays, exportPath, exportTargets } from './export-list.js';

/** An answer of the host of exports. */
export interface Downloaded {
  readonly status: number;
  readonly body: AsyncIterable<Buffer>;
  /** Ends the connection, read to its end or not. */
  close(): Promise<void>;
}

export interface DownloadParts {
  /** GET of a path on the host of exports, following nothing. Rejects when it can't be reached. */
  readonly get: (path: string, signal: AbortSignal) => Promise<Downloaded>;
  readonly now: () => number;
  /** Lines of an export that were no records. */
  readonly onBadLines: (count: number) => void;
}

/** What the host says of files that are not there. */
const ABSENT: ReadonlySet<number> = new Set([403, 404]);

/** Targets of the newest daily export there is (or of the one of a date). Rejects with what to tell people. */
export async function downloadedTargets(
  { get, now, onBadLines }: DownloadParts,
  choice: ExportChoice,
  signal: AbortSignal,
): Promise<Iterable<string>> {
  const days = exportDays(now(), choice.date);
  for (const day of days) {
    const path = exportPath(choice.kind, day);
    const { status, body, close } = await get(path, signal);
    try {
      if (status === 200) {
        const tally = { bad: 0 };
        const targets = await exportTargets(body, choice, tally);
        if (tally.bad > 0) onBadLines(tally.bad);
        return targets;
      }
    } finally {
      await close();
    }
    if (!ABSENT.has(status)) throw new ProxyError('origin_protocol', `${path} was answered with ${status}`);
  }
  const tried = days.map((day) => new Date(day).toISOString().slice(0, 10)).join(', ');
  throw new ProxyError('not_found', `there is no export of ${choice.kind} of ${tried}`);
}
