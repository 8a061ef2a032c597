import { type ExportedId, exportIds, type Tally } from './export-reader.js';
import { TopN } from './top-n.js';

/** Kinds of records, as the API names them, and what their export is called. */
const FILES = {
  movie: 'movie',
  tv: 'tv_series',
  person: 'person',
  collection: 'collection',
  network: 'tv_network',
  keyword: 'keyword',
  company: 'production_company',
} as const;

export type ExportKind = keyof typeof FILES;
export const EXPORT_KINDS = Object.keys(FILES) as [ExportKind, ...ExportKind[]];

/** `de`, `pt-BR`. */
export const LANGUAGE = /^[a-z]{2}(?:-[A-Z]{2})?$/;
export const APPEND = /^[a-z0-9_/]{1,60}$/;
/** TMDB takes no more appended requests. */
export const MAX_APPENDS = 20;
/** What is wanted of a daily export. */
export interface ExportChoice {
  readonly kind: ExportKind;
  /** So many of the most popular. */
  readonly top: number;
  /** Each record in each of these; none: without the parameter. */
  readonly languages: readonly string[];
  readonly appends: readonly string[];
  /** Titles for adults, too. */
  readonly adult: boolean;
  /** `2026-01-31`; undefined: the newest. */
  readonly date?: string | undefined;
}

const DAY = 86_400_000;
/** Exports of a day are there by 08:00 UTC (TMDB.md). */
const READY = 8 * 3_600_000;
/** So many days further back are tried when the newest is not there. */
const DAYS_BACK = 2;

/** Days (ms since epoch) whose export is to be tried, the newest first. A `date` leaves no choice. */
export function exportDays(now: number, date?: string): number[] {
  if (date !== undefined) return [Date.parse(`${date}T00:00:00Z`)];
  const newest = Math.floor((now - READY) / DAY) * DAY;
  return Array.from({ length: 1 + DAYS_BACK }, (_, back) => newest - back * DAY);
}

/** The path of an export on its host. */
export function exportPath(kind: ExportKind, day: number): string {
  const [year, month, date] = new Date(day).toISOString().slice(0, 10).split('-');
  return `/p/exports/${FILES[kind]}_ids_${month}_${date}_${year}.json.gz`;
}

/** The kind that the name of a file or an address tells. */
export function kindOf(name: string): ExportKind | undefined {
  const file = /(?:^|\/)([a-z_]+)_ids_\d\d_\d\d_\d{4}\.json(?:\.gz)?$/.exec(name)?.[1];
  return EXPORT_KINDS.find((kind) => FILES[kind] === file);
}

/** Targets of what is chosen of an export, the most popular first. Reads all of it; rejects as `exportIds` does. */
export async function exportTargets(
  bytes: AsyncIterable<Buffer>,
  choice: ExportChoice,
  tally?: Tally,
): Promise<Iterable<string>> {
  const top = new TopN<ExportedId>(choice.top);
  for await (const records of exportIds(bytes, tally)) {
    for (const record of records) if (choice.adult || !record.adult) top.add(record);
  }
  return targetsOf(top.sorted(), choice);
}

/** One by one: of many titles in many languages there may be a million. */
function* targetsOf(records: readonly ExportedId[], choice: ExportChoice): Iterable<string> {
  const queries = queriesOf(choice);
  for (const { id } of records) for (const query of queries) yield `/3/${choice.kind}/${id}${query}`;
}

/** How many targets a choice may come to. */
export function targetsAtMost({ top, languages }: Pick<ExportChoice, 'top' | 'languages'>): number {
  return top * Math.max(1, languages.length);
}

function queriesOf({ languages, appends }: ExportChoice): string[] {
  const appended = appends.length === 0 ? [] : [`append_to_response=${appends.join(',')}`];
  if (languages.length === 0) return [appended.length === 0 ? '' : `?${appended[0]}`];
  return languages.map((language) => `?${[...appended, `language=${language}`].join('&')}`);
}
