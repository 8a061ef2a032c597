import type { CacheInfoAnswer } from '../../admin/answers/cache.js';
import type { EntryAnswer } from '../../admin/answers/keys.js';
import { duration } from '../../figures.js';

/** Lifetimes are jittered by a tenth, so that what came together does not end together. */
const JITTER = 0.11;
/** Fields that tell a cache how long. */
const LIFETIME_FIELD = /^(?:cache-control|expires|cdn-cache-control)$/i;

/** What decides over lifetimes here, as far as it is known. */
export interface Rules {
  /** Lifetimes by class, s. */
  readonly info: CacheInfoAnswer | undefined;
  /** `TTL_POLICY`. */
  readonly policy: string | undefined;
  /** What the change feed covers is fresh for so long, s; undefined without one. */
  readonly covered: number | undefined;
}

/** Why an answer is kept, and for how long, in sentences. */
export function whyStored(entry: EntryAnswer, rules: Rules): string[] {
  if (entry.marker)
    return [
      `It marks that answers of this address differ by ${entry.vary.join(', ')}; each has an entry of its own.`,
    ];
  return [
    `The origin answered ${entry.status}, and nothing in the request or the answer is personal or forbids to share it.`,
    lifetime(entry, rules),
    windows(entry),
    ...(entry.vary.length > 0 ? [`It is one of several variants, chosen by ${entry.vary.join(', ')}.`] : []),
    ...(entry.recoded ? ['It came without a coding and was compressed here, once for all.'] : []),
  ];
}

function lifetime(entry: EntryAnswer, { info, policy, covered }: Rules): string {
  const { class: name, lifetime: seconds, headers } = entry;
  const kept = `It is fresh for ${duration(seconds)}`;
  const said = headers.filter(([field]) => LIFETIME_FIELD.test(field));
  const fields = said.map(([field, value]) => `${field}: ${value}`).join('; ');
  if (policy === 'origin') return `${kept}, by its own fields${fields === '' ? '' : `: ${fields}`}.`;
  const ofClass = info?.l2_cache.ttl[name];
  if (isAbout(seconds, ofClass))
    return `${kept}: its class, ${name}, has ${duration(ofClass)}, give or take a tenth.`;
  if (isAbout(seconds, covered))
    return `${kept}: TMDB tells of edits (change feed), so it may be fresh for ${duration(covered)}, give or take a tenth. An edit makes it stale at once.`;
  return `${kept}${ofClass === undefined ? '' : `, where its class, ${name}, has ${duration(ofClass)}`}.`;
}

function isAbout(seconds: number, wanted: number | undefined): wanted is number {
  return wanted !== undefined && Math.abs(seconds - wanted) <= wanted * JITTER;
}

function windows({ stale_while_revalidate: swr, stale_if_error: sie }: EntryAnswer): string {
  if (swr === 0 && sie === 0) return 'Stale, it is served to nobody.';
  const parts = [
    swr > 0 && `${duration(swr)} while it is refreshed`,
    sie > 0 && `${duration(sie)} when the origin fails`,
  ].filter((part) => part !== false);
  return `Stale, it may still be served for ${parts.join(', and for ')}.`;
}
