import type { Ask, Reply } from './ask.js';
import { ok } from './ask.js';
import { TmdbError } from './envelopes.js';
import type { Json, JsonObject } from './random.js';

/** More appended sub-requests than this are error 27. */
const MOST_APPENDED = 20;

/**
 * The details with what `append_to_response` names. Unknown names are passed over, as TMDB does.
 * @param part gives the body of one name, undefined for an unknown one
 */
export function withAppended(
  ask: Ask,
  body: JsonObject,
  part: (name: string) => JsonObject | undefined,
): Reply {
  const names = (ask.query.get('append_to_response') ?? '').split(',').filter((name) => name !== '');
  if (names.length > MOST_APPENDED) throw new TmdbError(27);
  if (names.length === 0) return ok(body);
  const appended: Record<string, Json> = { ...body };
  for (const name of names) {
    const found = part(name);
    if (found === undefined) continue;
    const { id: _owner, ...rest } = found;
    appended[name] = rest;
  }
  const personal = names.includes('account_states');
  return { ...ok(appended), personal };
}
