import { ProxyError } from '../errors.js';
import { parseHttpDate } from '../http/dates.js';
import { fieldValue, type RawHeaders } from '../http/headers.js';
import type { FeedKind } from './status.js';

/** One page of a list of changed titles. */
export interface ChangesPage {
  readonly ids: readonly number[];
  readonly totalPages: number;
  readonly totalResults: number;
  /** When it was made, ms since epoch by TMDB's clock. */
  readonly date: number;
}

/** A whole answer, decoded. */
export interface FeedAnswer {
  readonly status: number;
  readonly headers: RawHeaders;
  readonly body: Buffer;
}

/** Asks for an origin-form target; rejects with a ProxyError. */
export type AskOrigin = (target: string, signal: AbortSignal) => Promise<FeedAnswer>;

/** Error 22: TMDB has no page beyond this. */
export const LAST_PAGE = 500;

/** Reads lists of changed ids, page by page. */
export class ChangesReader {
  constructor(
    private readonly ask: AskOrigin,
    /** Wall clock, ms: decides the century of a two-digit year. */
    private readonly now: () => number,
  ) {}

  /**
   * A page (from 1) of the last 24 hours, or of one day (`YYYY-MM-DD`). Rejects with a ProxyError when there was no answer or
   * something else than such a list.
   */
  async page(kind: FeedKind, page: number, signal: AbortSignal, day?: string): Promise<ChangesPage> {
    const range = day === undefined ? '' : `&start_date=${day}&end_date=${day}`;
    const { status, headers, body } = await this.ask(`/3/${kind}/changes?page=${page}${range}`, signal);
    const what = `the list of changed ${NAMES[kind]}, page ${page}`;
    if (status === 401) throw new ProxyError('origin_protocol', `${what}: TMDB refuses the key (401)`);
    if (status !== 200) throw new ProxyError('origin_protocol', `${what}: answered with ${status}`);
    const read = readPage(body);
    if (read === undefined) throw new ProxyError('origin_protocol', `${what}: is no list of ids`);
    const date = parseHttpDate(fieldValue(headers, 'date') ?? '', this.now());
    // Without TMDB's clock nobody could say how long a gap was.
    if (date === undefined) throw new ProxyError('origin_protocol', `${what}: has no Date`);
    return { ...read, date };
  }
}

const NAMES: Readonly<Record<FeedKind, string>> = { movie: 'movies', tv: 'series', person: 'persons' };

function readPage(body: Buffer): Omit<ChangesPage, 'date'> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { results, total_pages, total_results } = value as Record<string, unknown>;
  if (!Array.isArray(results) || !isCount(total_pages) || !isCount(total_results)) return undefined;
  const ids: number[] = [];
  for (const result of results) {
    const id: unknown = (result as { id?: unknown } | null)?.id;
    // A change of what has no id any more names nothing that could be cached.
    if (isCount(id) && id > 0 && id <= MAX_KEPT) ids.push(id);
  }
  return { ids, totalPages: total_pages, totalResults: total_results };
}

/** What is kept of a list has four bytes an id (`state.ts`). */
const MAX_KEPT = 2 ** 32 - 1;

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
