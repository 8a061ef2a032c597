import type { RawHeaders } from '../http/headers.js';
import { secondaryKey } from '../http/vary.js';

/** Separates the primary key from the part chosen by `Vary`: a line feed can't occur in a key. */
const SEPARATOR = '\n';

/** Key of the variant that `headers` (what goes to the origin) select. `vary` holds lower-case names. */
export function variantKey(primaryKey: string, vary: readonly string[], headers: RawHeaders): string {
  return primaryKey + SEPARATOR + secondaryKey(vary, headers);
}

/** The primary key within any key that a listing shows. */
export function primaryKeyOf(key: string): string {
  const end = key.indexOf(SEPARATOR);
  return end < 0 ? key : key.slice(0, end);
}
