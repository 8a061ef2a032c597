import type { Clock } from '../clock.js';
import type { RawHeaders } from '../http/headers.js';
import type { Entry } from '../tiers/entry.js';
import { ageAt, freshUntil } from '../tiers/entry.js';
import type { MemoryRecord, MemoryTier } from '../tiers/memory.js';
import type { SetResult, Tier, TierName } from '../tiers/tier.js';
import type { PurgeTable } from './purge-table.js';
import type { SharedRoute } from './site.js';
import { preferredVariant, variantKey } from './variant.js';

/** An entry that no hard purge forbids, and since when it is stale (Infinity: not before its lifetime ends). */
export interface Found {
  readonly entry: Entry;
  readonly tier: TierName;
  readonly staleSince: number;
}

export interface LookupParts {
  readonly memory: MemoryTier;
  readonly l2: Tier;
  readonly purges: PurgeTable;
  readonly clock: Clock;
}

/** L1 then L2, purges applied, variants chosen; what L2 had is brought into L1. */
export class Lookup {
  readonly #parts: LookupParts;

  constructor(parts: LookupParts) {
    this.#parts = parts;
  }

  /** From memory alone, if this process may answer without looking further. Never waits. */
  now(route: SharedRoute): Found | undefined {
    const { memory, clock } = this.#parts;
    const now = clock.now();
    // A marker also says for how long it may be relied on: L2 may know of a response that varies by more.
    const record = this.#record(route, (key) => {
      const known = memory.getNow(key);
      return known === undefined || now >= known.until ? undefined : known;
    });
    return record && this.#judged(record);
  }

  /** From memory or L2. */
  async find(route: SharedRoute): Promise<Found | undefined> {
    const looked = await this.look(route);
    return typeof looked === 'string' ? undefined : looked;
  }

  /** From memory or L2, or what is missing: anything of this key, or the variant for this request. */
  async look(route: SharedRoute): Promise<Found | Miss> {
    const shared = await this.#fromL2(route.key, route.headers);
    // Only now: a purge may have come while L2 was asked (I-1), and L2 may have told by what else the response varies.
    // `now` has counted this look already.
    const record = this.#record(route, (key) => this.#parts.memory.peek(key));
    if (typeof shared !== 'string' && !(record && isNewer(record.entry, shared.entry))) return shared;
    const known = record && this.#judged(record);
    if (known === undefined) return shared;
    // L2 has nothing newer (or is away): what is here stays good for another memory TTL (I-9).
    record!.until = this.#parts.clock.now() + known.entry.memoryFor;
    return known;
  }

  /** Puts an entry into memory, and says until when this process may answer with it without looking at L2 again. */
  remember(entry: Entry, now: number): SetResult {
    return this.#parts.memory.setNow(entry, now + entry.memoryFor, 0);
  }

  /** Takes this very entry out of memory; a later one under its key stays. */
  forget(entry: Entry): void {
    const { memory } = this.#parts;
    if (memory.peek(entry.key)?.entry === entry) memory.deleteNow(entry.key);
  }

  /** What is stored under exactly this key, purged or not. */
  async stored(key: string): Promise<Entry | undefined> {
    return this.here(key) ?? (await this.#parts.l2.get(key));
  }

  /** The same of memory alone. */
  here(key: string): Entry | undefined {
    return this.#parts.memory.peek(key)?.entry;
  }

  #record(
    { key, headers }: SharedRoute,
    look: (key: string) => MemoryRecord | undefined,
  ): MemoryRecord | undefined {
    const first = look(key);
    if (first === undefined || !first.entry.marker) return first;
    const exact = look(variantKey(key, first.entry.vary, headers));
    if (exact !== undefined) return exact;
    const preferred = preferredVariant(first.entry, headers);
    return preferred === undefined ? undefined : look(preferred);
  }

  #judged(record: MemoryRecord): Found | undefined {
    const { purges, memory } = this.#parts;
    if (record.checked === purges.version) return found(record.entry, 'memory', Number.POSITIVE_INFINITY);
    const verdict = purges.judge(record.entry);
    if (verdict === 'purged') {
      memory.deleteNow(record.entry.key);
      return undefined;
    }
    if (verdict !== 'valid') return found(record.entry, 'memory', verdict.staleSince);
    record.checked = purges.version;
    return found(record.entry, 'memory', Number.POSITIVE_INFINITY);
  }

  async #variant(marker: Entry, headers: RawHeaders): Promise<Entry | undefined> {
    const { l2 } = this.#parts;
    const exact = await l2.get(variantKey(marker.key, marker.vary, headers));
    const preferred = exact === undefined ? preferredVariant(marker, headers) : undefined;
    return preferred === undefined ? exact : l2.get(preferred);
  }

  async #fromL2(key: string, headers: RawHeaders): Promise<Found | Miss> {
    const { memory, l2, purges, clock } = this.#parts;
    let entry = await l2.get(key);
    if (entry?.marker === true) {
      this.remember(entry, clock.now());
      entry = await this.#variant(entry, headers);
      if (entry === undefined) return 'vary-miss';
    }
    if (entry === undefined) return 'uri-miss';
    const verdict = purges.judge(entry);
    if (verdict === 'purged') return 'uri-miss';
    // A write that L2 refused, or a fill that landed meanwhile: what is here may be newer than what is there.
    const here = memory.peek(entry.key)?.entry;
    if (here === undefined || here.storedAt < entry.storedAt) this.remember(entry, clock.now());
    const tier = l2.whence?.(entry) ?? l2.name;
    return found(entry, tier, verdict === 'valid' ? Number.POSITIVE_INFINITY : verdict.staleSince);
  }
}

/** RFC 9211 section 2.2. */
export type Miss = 'uri-miss' | 'vary-miss';

/** Freshness left at `now` in ms; negative when stale, for as long as it has been. */
export function freshFor(found: Found, now: number): number {
  return Math.min(freshUntil(found.entry), found.staleSince) - now;
}

/** Age of the found entry in whole seconds, as the `Age` field wants it. */
export function ageSeconds(entry: Entry, now: number): number {
  return Math.floor(ageAt(entry, now) / 1000);
}

/** Whether what is here is to be preferred to what L2 has: later, or the very same without having come from there just now. */
function isNewer(here: Entry, there: Entry): boolean {
  return here !== there && here.storedAt >= there.storedAt;
}

function found(entry: Entry, tier: TierName, staleSince: number): Found {
  return { entry, tier, staleSince };
}
