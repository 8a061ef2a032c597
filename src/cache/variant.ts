import type { RawHeaders } from '../http/headers.js';
import { secondaryKey } from '../http/vary.js';
import { VARIANT_SEPARATOR } from '../tiers/entry.js';

export { primaryKeyOf } from '../tiers/entry.js';

/** Key of the variant that `headers` (what goes to the origin) select. `vary` holds lower-case names. */
export function variantKey(primaryKey: string, vary: readonly string[], headers: RawHeaders): string {
  return primaryKey + VARIANT_SEPARATOR + secondaryKey(vary, headers);
}
