import { type ClassName, type ClassTtl, MAX_CACHE_MS } from '../config.js';
import type { TimeSuffix } from '../settings/cache.js';
import { type SettingName, settingOf, type Values } from '../settings/index.js';
import type { DerivedValues } from './derived.js';

const FAMILIES = ['JSON', 'SEARCH', 'CHANGES', 'STATIC', 'IMAGE', 'NEGATIVE'] as const;
type Family = (typeof FAMILIES)[number];
type TimeName = `${Family}_${TimeSuffix}`;

/** JSON that is neither detail nor search but would surprise if `JSON_DISK_TTL=1` did not reach it. */
const CAPPED_BY_JSON: ReadonlySet<Family> = new Set(['CHANGES', 'STATIC', 'NEGATIVE']);

/**
 * The table of DESIGN, Times, with what was set. A family's own variable wins; then, for stale windows, the general
 * one; then, for lifetimes of other JSON, the shorter of its default and what was said for JSON.
 */
export function deriveTimes(
  values: Values,
  isGiven: (name: SettingName) => boolean,
  derived: DerivedValues,
): Record<ClassName, ClassTtl> {
  const resolve = (name: TimeName, fallback: () => { ms: number; reason: string } | undefined): number => {
    if (isGiven(name)) return values[name];
    const found = fallback();
    if (found === undefined || found.ms === values[name]) return values[name];
    note(name, found.ms, found.reason, derived);
    return found.ms;
  };

  const family = (prefix: Family): ClassTtl => {
    const lifetime = (suffix: 'MEMORY_TTL' | 'DISK_TTL') =>
      resolve(`${prefix}_${suffix}`, () => {
        const general: TimeName = `JSON_${suffix}`;
        if (!CAPPED_BY_JSON.has(prefix) || !isGiven(general)) return undefined;
        return {
          ms: Math.min(values[`${prefix}_${suffix}`], values[general]),
          reason: `no longer than ${general}`,
        };
      });
    const freshMs = lifetime('DISK_TTL');
    const window = (suffix: 'STALE_WHILE_REVALIDATE' | 'STALE_IF_ERROR') => {
      const name: TimeName = `${prefix}_${suffix}`;
      const wanted = resolve(name, () => {
        const general = values[suffix];
        // A title that exists by now must not stay "not found" because a window for real answers was widened.
        if (prefix === 'NEGATIVE' || general === undefined) return undefined;
        return { ms: general, reason: `${suffix} is given` };
      });
      // DESIGN: "All bounded by 180 days (TMDB's terms)", counted from when the origin answered.
      const room = MAX_CACHE_MS - freshMs;
      if (wanted > room) note(name, room, `180 days in all (TMDB’s terms), less ${prefix}_DISK_TTL`, derived);
      return Math.min(wanted, room);
    };
    return {
      memoryMs: lifetime('MEMORY_TTL'),
      freshMs,
      swrMs: window('STALE_WHILE_REVALIDATE'),
      sieMs: window('STALE_IF_ERROR'),
    };
  };

  const json = family('JSON');
  return {
    image: family('IMAGE'),
    detail: json,
    search: family('SEARCH'),
    changes: family('CHANGES'),
    static: family('STATIC'),
    other: { ...json },
    negative: family('NEGATIVE'),
  };
}

function note(name: TimeName, ms: number, reason: string, derived: DerivedValues): void {
  derived.set(name, { value: settingOf(name).kind.show(ms), reason });
}
