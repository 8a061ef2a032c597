import type { Accounts } from './accounts.js';
import type { Catalogue } from './catalogue.js';
import { TmdbError } from './envelopes.js';
import type { Json, JsonObject } from './random.js';

/** Everything routes may read or change. */
export interface World {
  readonly catalogue: Catalogue;
  readonly accounts: Accounts;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** One request, as routes see it. */
export interface Ask {
  readonly method: string;
  /** Without query, doubled slashes resolved. */
  readonly path: string;
  /** The `:name` parts of the route's pattern. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** First value of a header, by lower-case name. */
  readonly header: (name: string) => string | undefined;
  /** The JSON body of a write; empty otherwise. */
  readonly body: JsonObject;
  readonly world: World;
  /** `xx` of the `language` parameter; `en` without one. */
  readonly language: string;
}

/**
 * How long others may keep a response: `memory` counts down TMDB's own cache, `changes` is 600 s, `zero` is max-age=0,
 * `none` has no Cache-Control.
 */
export type Keeping = 'memory' | 'changes' | 'zero' | 'none';

/** What a route answers. */
export interface Reply {
  readonly status: number;
  readonly body: Json;
  readonly keeping: Keeping;
  /** The body depends on more than path and query, so the origin's own memory must not keep it. */
  readonly personal?: boolean;
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

/** A shared resource with status 200. */
export function ok(body: Json): Reply {
  return { status: 200, body, keeping: 'memory' };
}

/** A parameter from the query or, as some clients send it, from the JSON body; empty counts as absent. */
export function parameter(ask: Ask, name: string): string | undefined {
  const sent = ask.query.get(name) ?? ask.body[name];
  if (typeof sent === 'number' || typeof sent === 'boolean') return String(sent);
  return typeof sent === 'string' && sent !== '' ? sent : undefined;
}

/** A numeric path part; 404 when it is no number. */
export function idOf(ask: Ask, name = 'id'): number {
  // TMDB takes `550-some-title` for 550.
  const digits = /^(\d{1,9})(-.*)?$/.exec(ask.params[name] ?? '');
  if (!digits) throw new TmdbError(34);
  return Number(digits[1]);
}

/** The value, or error 34 (404) when there is none. */
export function found<T>(value: T | undefined): T {
  if (value === undefined) throw new TmdbError(34);
  return value;
}

/** The `page` parameter, 1 to 500, else error 22. */
function pageOf(ask: Ask): number {
  const text = parameter(ask, 'page') ?? '1';
  const page = Number(text);
  if (!/^\d+$/.test(text) || page < 1 || page > 500) throw new TmdbError(22);
  return page;
}

/** One page of a list, as TMDB frames it. */
export function paged<T>(ask: Ask, list: readonly T[], show: (item: T) => Json, perPage = 20): JsonObject {
  const page = pageOf(ask);
  const results = list.slice((page - 1) * perPage, page * perPage).map(show);
  return {
    page,
    results,
    total_pages: Math.max(1, Math.ceil(list.length / perPage)),
    total_results: list.length,
  };
}

/** Matches TMDB's `with_*` lists: commas mean and, pipes mean or. */
export function matchesList(wanted: string | undefined, has: (value: string) => boolean): boolean {
  if (wanted === undefined) return true;
  return wanted.split(',').every((group) => group.split('|').some((value) => has(value.trim())));
}
