import { type Ask, matchesList, parameter } from './ask.js';
import type { Catalogue, Title } from './catalogue.js';
import { hash32 } from './random.js';
import { titleIn } from './words.js';

/** The titles whose name in the request's language, in English or in the original contains the words. */
export function searchTitles<T extends Title>(ask: Ask, titles: readonly T[], catalogue: Catalogue): T[] {
  const words = (parameter(ask, 'query') ?? '').toLowerCase();
  if (words === '') return [];
  const year =
    parameter(ask, 'year') ?? parameter(ask, 'primary_release_year') ?? parameter(ask, 'first_air_date_year');
  return titles.filter((title) => {
    if (year !== undefined && !title.date.startsWith(year)) return false;
    const names = [ask.language, 'en', title.originalLanguage].map((language) =>
      titleIn(language, title.words),
    );
    const { patch } = catalogue.changes.edited(title.kind, title.id);
    const edited = patch.title ?? patch.name;
    if (typeof edited === 'string') names.push(edited);
    return names.some((name) => name.toLowerCase().includes(words));
  });
}

function revenueOf(title: Title): number {
  return title.kind === 'movie' ? title.revenue : 0;
}

const ORDERS: Readonly<Record<string, (a: Title, b: Title) => number>> = {
  popularity: (a, b) => a.popularity - b.popularity,
  vote_average: (a, b) => a.voteAverage - b.voteAverage,
  vote_count: (a, b) => a.voteCount - b.voteCount,
  revenue: (a, b) => revenueOf(a) - revenueOf(b),
  release_date: (a, b) => a.date.localeCompare(b.date),
  primary_release_date: (a, b) => a.date.localeCompare(b.date),
  first_air_date: (a, b) => a.date.localeCompare(b.date),
  title: (a, b) => titleIn('en', a.words).localeCompare(titleIn('en', b.words)),
  name: (a, b) => titleIn('en', a.words).localeCompare(titleIn('en', b.words)),
};

/** The titles in `sort_by` order (`popularity.desc` without one, or with one that is unknown). */
export function sorted<T extends Title>(titles: readonly T[], sortBy: string | undefined): T[] {
  const [field = '', direction] = (sortBy ?? 'popularity.desc').split('.');
  const order = ORDERS[field] ?? ORDERS.popularity!;
  const sign = direction === 'asc' ? 1 : -1;
  return [...titles].sort((a, b) => sign * order(a, b) || a.id - b.id);
}

/** `discover`: the titles that all filters let through, sorted. */
export function discover<T extends Title>(ask: Ask, titles: readonly T[], catalogue: Catalogue): T[] {
  const get = (name: string) => parameter(ask, name);
  const kind = titles[0]?.kind ?? 'movie';
  const dateField = kind === 'movie' ? 'primary_release_date' : 'first_air_date';
  const from = get(`${dateField}.gte`) ?? get('release_date.gte') ?? '';
  const until = get(`${dateField}.lte`) ?? get('release_date.lte') ?? '9999';
  const year = get('primary_release_year') ?? get('year') ?? get('first_air_date_year') ?? '';
  const people = get('with_people') ?? get('with_cast') ?? get('with_crew');
  const without = get('without_genres');
  const kept = titles.filter((title) => {
    const has = (list: readonly number[]) => (value: string) => list.includes(Number(value));
    return (
      title.date >= from &&
      title.date.slice(0, until.length) <= until &&
      title.date.startsWith(year) &&
      title.voteAverage >= Number(get('vote_average.gte') ?? 0) &&
      title.voteAverage <= Number(get('vote_average.lte') ?? 10) &&
      title.voteCount >= Number(get('vote_count.gte') ?? 0) &&
      matchesList(get('with_genres'), has(title.genreIds)) &&
      (without === undefined || !without.split(/[,|]/).some(has(title.genreIds))) &&
      matchesList(get('with_companies'), has(title.companyIds)) &&
      matchesList(get('with_keywords'), has(title.keywordIds)) &&
      matchesList(get('with_original_language'), (value) => value === title.originalLanguage) &&
      matchesList(get('with_networks'), has(title.kind === 'tv' ? title.networkIds : [])) &&
      matchesList(people, (value) => catalogue.parts(title).some((part) => part.personId === Number(value)))
    );
  });
  return sorted(kept, get('sort_by'));
}

/** A list in an order of its own that a name (`now_playing:DE`) decides: what charts and trends look like. */
export function shuffled<T extends { readonly id: number }>(list: readonly T[], name: string): T[] {
  return list
    .map((item) => ({ item, rank: hash32(`${name}:${item.id}`) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
