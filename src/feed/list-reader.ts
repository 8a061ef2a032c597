import { type ChangesPage, LAST_PAGE } from './changes-reader.js';
import { placesOf, standAsBefore } from './moved.js';

/** Asks for one page, from 1. */
export type AskPage = (page: number) => Promise<ChangesPage>;

/** A list as it was read. */
export interface Reading {
  /** The latest edit first, each once. */
  readonly ids: readonly number[];
  /** When its first page was made, ms since epoch by TMDB's clock. */
  readonly date: number;
  /** Whether every page was read. */
  readonly full: boolean;
  /** A page was older than the one before it (a cache on the way): ids in between may be missing. */
  readonly torn: boolean;
}

/** How often what moved while it was read is read again. */
const AGAIN = 3;
/** By how much the clocks of two of TMDB's servers may differ, ms. */
const CLOCKS_MS = 2000;

/**
 * Reads a list whose pages shift while they are read. Ids only move to the front, which shows them twice; where one is taken out,
 * those behind move up and one could be skipped: so when page 1 is another one in the end, the front is read again.
 * `before`: the ids of an earlier reading, in the order of the edits: then it is enough to read up to a page that stood there
 * as a whole. Rejects with a ProxyError when a page can't be had.
 */
export async function readList(
  ask: AskPage,
  first: ChangesPage,
  before: readonly number[] | undefined,
): Promise<Reading> {
  const places = before && placesOf(before);
  const pages = [first];
  const last = Math.min(first.totalPages, LAST_PAGE);
  const stands = ({ ids }: ChangesPage) =>
    places !== undefined && ids.length > 0 && standAsBefore(places, ids);
  while (pages.length < last && !stands(pages.at(-1)!)) pages.push(await ask(pages.length + 1));
  const full = pages.length >= last;
  const read = await readAgain(ask, pages);
  return {
    ids: [...new Set(full || before === undefined ? read : [...read, ...before])],
    date: first.date,
    full,
    torn: pages.some(({ date }) => date < first.date - CLOCKS_MS),
  };
}

/** All ids of one day, in no order. `first`: page 1. */
export async function readDay(ask: AskPage, first: ChangesPage): Promise<number[]> {
  const ids = [...first.ids];
  for (let page = 2; page <= first.totalPages; page++) ids.push(...(await ask(page)).ids);
  return [...new Set(ids)];
}

/** Ids of the pages, with those in front that have come, or were skipped, meanwhile. */
async function readAgain(ask: AskPage, pages: readonly ChangesPage[]): Promise<number[]> {
  let ids = pages.flatMap((page) => page.ids);
  if (pages.length === 1) return ids; // nothing can shift within a page
  let first = pages[0]!;
  const front = Math.min(pages.length, FRONT_PAGES);
  for (let round = 0; round < AGAIN; round++) {
    const now = await ask(1);
    if (isSame(first, now)) break;
    const again = [now];
    while (again.length < Math.min(front, now.totalPages)) again.push(await ask(again.length + 1));
    ids = [...again.flatMap((page) => page.ids), ...ids];
    first = now;
  }
  return ids;
}

/** Pages that are read again: more edits than these hold come in no reading's time. */
const FRONT_PAGES = 10;

function isSame(a: ChangesPage, b: ChangesPage): boolean {
  return a.totalResults === b.totalResults && a.ids.join() === b.ids.join();
}
