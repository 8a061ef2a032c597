import { gzipSync } from 'node:zlib';
import { type Catalogue, COLLECTIONS, COMPANIES, KEYWORDS, NETWORKS, type Title } from './catalogue.js';
import { DAY } from './changes.js';
import type { Outgoing } from './delivery.js';
import type { JsonObject } from './random.js';
import { titleIn } from './words.js';

/** Milliseconds after midnight UTC at which a day's exports are there. */
const READY = 8 * 3_600_000;
const KEPT_DAYS = 90;

function titleLine(title: Title): JsonObject {
  const name = titleIn(title.originalLanguage, title.words);
  return title.kind === 'movie'
    ? { adult: false, id: title.id, original_title: name, popularity: title.popularity, video: false }
    : { id: title.id, original_name: name, popularity: title.popularity };
}

function names(count: number, get: (id: number) => string | undefined): JsonObject[] {
  return Array.from({ length: count }, (_, index) => ({ id: index + 1, name: get(index + 1) ?? '' }));
}

function linesOf(catalogue: Catalogue, name: string): JsonObject[] | undefined {
  const byId = (list: readonly JsonObject[]) => [...list].sort((a, b) => Number(a.id) - Number(b.id));
  switch (name) {
    case 'movie':
      return byId(catalogue.movies().map(titleLine));
    case 'tv_series':
      return byId(catalogue.allSeries().map(titleLine));
    case 'person':
      return byId(
        catalogue.persons().map(({ id, name, popularity }) => ({ adult: false, id, name, popularity })),
      );
    case 'collection':
      return names(COLLECTIONS, (id) => `Collection ${id}`);
    case 'tv_network':
      return names(NETWORKS, (id) => catalogue.network(id)?.name);
    case 'keyword':
      return names(KEYWORDS, (id) => catalogue.keyword(id)?.name);
    case 'production_company':
      return names(COMPANIES, (id) => catalogue.company(id)?.name);
    default:
      return undefined;
  }
}

/** The daily id exports, `/p/exports/movie_ids_MM_DD_YYYY.json.gz`: gzipped lines of JSON; 403 when not there. */
export function exportAnswer(catalogue: Catalogue, path: string, now: number): Outgoing {
  const match = /^\/p\/exports\/([a-z_]+)_ids_(\d\d)_(\d\d)_(\d{4})\.json\.gz$/.exec(path);
  const day = match ? Date.UTC(Number(match[4]), Number(match[2]) - 1, Number(match[3])) : Number.NaN;
  const there = now >= day + READY && now < day + KEPT_DAYS * DAY;
  const lines = there ? linesOf(catalogue, match?.[1] ?? '') : undefined;
  const date: [string, string] = ['Date', new Date(now).toUTCString()];
  if (!lines) {
    const text = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>';
    return { status: 403, headers: [['Content-Type', 'application/xml'], date], body: Buffer.from(text) };
  }
  const headers: [string, string][] = [
    ['Content-Type', 'application/gzip'],
    date,
    ['Last-Modified', new Date(day + READY).toUTCString()],
  ];
  return { status: 200, headers, body: gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join('')) };
}
