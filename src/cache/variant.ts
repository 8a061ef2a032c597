import { field, type RawHeaders } from '../http/headers.js';
import { languagePreferred, secondaryKey } from '../http/vary.js';
import { type EntryHead, VARIANT_SEPARATOR } from '../tiers/entry.js';

/** Key of the variant that `headers` (what goes to the origin) select. `vary` holds lower-case names. */
export function variantKey(primaryKey: string, vary: readonly string[], headers: RawHeaders): string {
  return primaryKey + VARIANT_SEPARATOR + secondaryKey(vary, headers);
}

/** Languages that one marker remembers, the latest first. */
const MAX_LANGUAGES = 32;

/**
 * The `headers` of a marker: for each variant that says its language, that and its key. RFC 9111 section 4.1 lets a request be
 * answered with the variant in the language it likes best, whatever else its Accept-Language lists.
 */
export function languagesWith(known: RawHeaders, variant: EntryHead): RawHeaders {
  if (!byLanguage(variant.vary)) return known;
  const language = field(variant.headers, 'content-language')?.toLowerCase();
  const pairs = new Map(language === undefined ? [] : [[language, variant.key]]);
  for (let i = 0; i + 1 < known.length && pairs.size < MAX_LANGUAGES; i += 2) {
    // The variant may have been in another language before.
    if (known[i + 1] !== variant.key && !pairs.has(known[i]!)) pairs.set(known[i]!, known[i + 1]!);
  }
  return [...pairs].flat();
}

/** Key of the variant whose language a request likes best, by what the marker remembers: see `isPreferred`. */
export function preferredVariant(marker: EntryHead, headers: RawHeaders): string | undefined {
  if (!byLanguage(marker.vary)) return undefined;
  for (let i = 0; i + 1 < marker.headers.length; i += 2) {
    if (languagePreferred(headers, ['Content-Language', marker.headers[i]!])) return marker.headers[i + 1];
  }
  return undefined;
}

/** Whether that variant is in the language indeed: it and its marker are written apart. */
export function isPreferred(variant: EntryHead | undefined, headers: RawHeaders): boolean {
  return variant !== undefined && languagePreferred(headers, variant.headers);
}

/** What a stored marker remembers; nothing of what is no such marker. */
export function languagesOf(marker: EntryHead | undefined): RawHeaders {
  return marker?.marker === true && byLanguage(marker.vary) ? marker.headers : [];
}

function byLanguage(vary: readonly string[]): boolean {
  return vary.length === 1 && vary[0] === 'accept-language';
}
