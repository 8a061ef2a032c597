import { TIER_NAMES } from '../../tiers/tier.js';
import { View } from './parts.js';

/** Search in keys. */
export function Entries({ classes }: { readonly classes: readonly string[] }) {
  return (
    <View name="entries" title="Entries">
      <search>
        <form class="card search" id="search">
          <label class="grow">
            <span>Key contains</span>
            <input name="q" type="search" placeholder="movie/550" autocomplete="off" spellcheck={false} />
          </label>
          <label>
            <span>Tier</span>
            <select name="tier">
              <option value="">all</option>
              {TIER_NAMES.map((name) => (
                <option value={name}>{name}</option>
              ))}
            </select>
          </label>
          <label>
            <span>Class</span>
            <select name="class">
              <option value="">all</option>
              {classes.map((name) => (
                <option value={name}>{name}</option>
              ))}
            </select>
          </label>
          <button class="primary" type="submit">
            Search
          </button>
        </form>
      </search>
      <section class="card" aria-live="polite" id="found">
        <p class="empty">Search for a part of a key, or leave the field empty to list everything.</p>
      </section>
    </View>
  );
}
