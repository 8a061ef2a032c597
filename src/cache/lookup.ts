import type { Clock } from '../clock.js';
import type { Entry } from '../tiers/entry.js';
import { freshUntil } from '../tiers/entry.js';
import type { MemoryRecord, MemoryTier } from '../tiers/memory.js';
import type { SetResult, Tier, TierName } from '../tiers/tier.js';
import type { Coverage } from './coverage.js';
import type { PurgeTable, PurgeVerdict } from './purge-table.js';
import type { SharedRoute } from './site.js';
import { isPreferred, preferredVariant, variantKey } from './variant.js';

/** An entry that no hard purge forbids, and from when it is stale (Infinity: not before its lifetime ends). */
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
  /** Undefined: lifetimes are believed as they are. */
  readonly coverage?: Coverage | undefined;
}

/** Whether whoever asks at once has a use for this entry, or for what a marker stands for. */
export type Accepts = (entry: Entry) => boolean;
const acceptsAny: Accepts = () => true;

/** What L2 has for a route, not yet judged. A marker without an entry: not the variant that is wanted. */
interface Given {
  readonly marker: Entry | undefined;
  readonly entry: Entry | undefined;
}

/** What L2 told `fresh`, which had no use for it: whoever looks next need not ask, nor count, again. */
interface Spare {
  readonly at: number;
  readonly given: Given;
}

/**
 * Longer than it takes to hand a request on, also in a process that has just started or is busy, ms. With 2 ms, ten at once to fresh
 * workers counted 3 to 5 of 100 misses twice. Purges are judged when it is used, so an older answer of L2 is only an older answer.
 */
const SPARE_MS = 100;
/** Answers of one batch from Redis; and bodies above this size are not held back for nobody, bytes. */
const SPARES = 64;
const SPARE_BYTES = 64 * 1024;

/** L1 then L2, purges applied, variants chosen; what L2 had is brought into L1. */
export class Lookup {
  readonly #parts: LookupParts;
  readonly #spares = new Map<string, Spare>();

  constructor(parts: LookupParts) {
    this.#parts = parts;
  }

  /** From memory alone, if this process may answer without looking further. Never waits. */
  now(route: SharedRoute): Found | undefined {
    const { memory, clock } = this.#parts;
    const now = clock.now();
    // A marker also says for how long it may be relied on: L2 may know of a response that varies by more.
    const record = this.#record(route, (key) => reliable(memory.getNow(key), now));
    return record && this.#judged(record);
  }

  /**
   * What answers at once and without further thought: fresh, whole, and either here or in an L2 that tells without
   * waiting. An answer is counted and remembered as `now` and `look` would; without one nothing is counted in memory,
   * and they are to be asked. `now`: ms since epoch; `accepts`: whether an entry, or a marker, is of use. `ask`: L2 has to be waited
   * for, see `freshLater`.
   */
  fresh(route: SharedRoute, now: number, accepts: Accepts = acceptsAny): Found | 'ask' | undefined {
    const { memory } = this.#parts;
    const first = reliable(memory.peek(route.key), now);
    if (first !== undefined && !accepts(first.entry)) return undefined;
    const record = this.#recordOf(route, first, (key) => reliable(memory.peek(key), now));
    const near = record && this.#judged(record);
    if (record !== undefined && near !== undefined) {
      if (!isReady(near, now) || !accepts(near.entry)) return undefined;
      if (near.entry.key !== route.key) memory.getNow(route.key); // the marker
      memory.use(record);
      return near;
    }
    const given = this.#givenNow(route);
    return given === 'ask' ? given : this.#fresh(route, given, now, accepts);
  }

  /** The same from an L2 that has to be waited for, when memory has nothing to answer with. */
  async freshLater(route: SharedRoute, accepts: Accepts = acceptsAny): Promise<Found | undefined> {
    return this.#fresh(route, await this.#given(route), this.#parts.clock.now(), accepts);
  }

  /** What `fresh` found and nobody was given: whoever looks next finds it where it was. */
  giveBack({ key }: SharedRoute, { entry, tier }: Found): void {
    if (tier === 'memory') return;
    this.forget(entry);
    this.#keepSpare(key, { marker: undefined, entry });
  }

  /** From memory or L2. */
  async find(route: SharedRoute): Promise<Found | undefined> {
    const looked = await this.look(route);
    return typeof looked === 'string' ? undefined : looked;
  }

  /** From memory or L2, or what is missing: anything of this key, or the variant for this request. */
  async look(route: SharedRoute): Promise<Found | Miss> {
    const given = this.#spareFor(route.key) ?? this.#givenNow(route);
    return this.#settled(route, given === 'ask' ? await this.#given(route) : given);
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

  #record(route: SharedRoute, look: (key: string) => MemoryRecord | undefined): MemoryRecord | undefined {
    return this.#recordOf(route, look(route.key), look);
  }

  #recordOf(
    { key, headers }: SharedRoute,
    first: MemoryRecord | undefined,
    look: (key: string) => MemoryRecord | undefined,
  ): MemoryRecord | undefined {
    if (first === undefined || !first.entry.marker) return first;
    const exact = look(variantKey(key, first.entry.vary, headers));
    if (exact !== undefined) return exact;
    const preferred = preferredVariant(first.entry, headers);
    const record = preferred === undefined ? undefined : look(preferred);
    return isPreferred(record?.entry, headers) ? record : undefined;
  }

  #judged(record: MemoryRecord): Found | undefined {
    const { purges, memory } = this.#parts;
    if (record.checked === purges.version) return this.#found(record.entry, 'memory');
    const verdict = purges.judge(record.entry);
    if (verdict === 'purged') {
      memory.deleteNow(record.entry.key);
      return undefined;
    }
    if (verdict !== 'valid') return this.#found(record.entry, 'memory', verdict.staleSince);
    record.checked = purges.version;
    return this.#found(record.entry, 'memory');
  }

  /** `purgedSince`: of a soft purge. */
  #found(entry: Entry, tier: TierName, purgedSince = Number.POSITIVE_INFINITY): Found {
    const { coverage, clock } = this.#parts;
    if (coverage === undefined) return { entry, tier, staleSince: purgedSince };
    return { entry, tier, staleSince: Math.min(purgedSince, coverage.staleSince(entry, clock.now())) };
  }

  #fresh(route: SharedRoute, given: Given, now: number, accepts: Accepts): Found | undefined {
    const { purges, coverage } = this.#parts;
    const { entry, marker } = given;
    const ready =
      entry !== undefined &&
      entry.status !== 206 &&
      freshUntil(entry) > now &&
      accepts(entry) &&
      // Brought into memory, one that is purged or not covered would be told as memory's by whoever looks next.
      purges.judge(entry) === 'valid' &&
      (coverage?.staleSince(entry, now) ?? now + 1) > now;
    if (!ready) {
      if (marker === undefined) this.#keepSpare(route.key, given);
      return undefined;
    }
    this.now(route); // counts the look in memory
    const found = this.#settled(route, given, 'valid');
    return typeof found !== 'string' && isReady(found, now) ? found : undefined;
  }

  /** `judged`: what purges say of the entry, where that has just been asked. */
  #settled(route: SharedRoute, given: Given, judged?: PurgeVerdict): Found | Miss {
    const shared = this.#accepted(given, judged);
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

  #accepted({ marker, entry }: Given, judged: PurgeVerdict | undefined): Found | Miss {
    const { memory, l2, purges } = this.#parts;
    if (entry === undefined) return marker === undefined ? 'uri-miss' : 'vary-miss';
    const verdict = judged ?? purges.judge(entry);
    if (verdict === 'purged') return 'uri-miss';
    // A write that L2 refused, or a fill that landed meanwhile: what is here may be newer than what is there.
    const here = memory.peek(entry.key)?.entry;
    if (here === undefined || here.storedAt < entry.storedAt) this.#bring(entry);
    const tier = l2.whence?.(entry) ?? l2.name;
    return this.#found(entry, tier, verdict === 'valid' ? undefined : verdict.staleSince);
  }

  /** As `remember`, of what L2 has told. */
  #bring(entry: Entry): void {
    const { memory, clock } = this.#parts;
    memory.bringNow(entry, clock.now() + entry.memoryFor);
  }

  #keepSpare(key: string, given: Given): void {
    const at = this.#parts.clock.steady();
    for (const [old, spare] of this.#spares) {
      if (at - spare.at < SPARE_MS && this.#spares.size < SPARES) break; // in the order in which they came
      this.#spares.delete(old);
    }
    if ((given.entry?.body.length ?? 0) <= SPARE_BYTES) this.#spares.set(key, { at, given });
  }

  #spareFor(key: string): Given | undefined {
    const spare = this.#spares.get(key);
    if (spare === undefined) return undefined;
    this.#spares.delete(key);
    return this.#parts.clock.steady() - spare.at < SPARE_MS ? spare.given : undefined;
  }

  /** From L2, if it tells at once. */
  #givenNow({ key, headers }: SharedRoute): Given | 'ask' {
    const { l2 } = this.#parts;
    if (l2.lookNow === undefined) return 'ask';
    const first = l2.lookNow(key);
    if (first === 'ask') return first;
    if (first?.marker !== true) return { marker: undefined, entry: first };
    this.#bring(first);
    const exact = l2.lookNow(variantKey(key, first.vary, headers));
    if (exact !== undefined) return exact === 'ask' ? exact : { marker: first, entry: exact };
    const preferred = preferredVariant(first, headers);
    const other = preferred === undefined ? undefined : l2.lookNow(preferred);
    if (other === 'ask') return other;
    return { marker: first, entry: isPreferred(other, headers) ? other : undefined };
  }

  async #given({ key, headers }: SharedRoute): Promise<Given> {
    const { l2 } = this.#parts;
    const first = await l2.get(key);
    if (first?.marker !== true) return { marker: undefined, entry: first };
    this.#bring(first);
    const exact = await l2.get(variantKey(key, first.vary, headers));
    const preferred = exact === undefined ? preferredVariant(first, headers) : undefined;
    if (preferred === undefined) return { marker: first, entry: exact };
    const other = await l2.get(preferred);
    return { marker: first, entry: isPreferred(other, headers) ? other : undefined };
  }
}

/** RFC 9211 section 2.2. */
export type Miss = 'uri-miss' | 'vary-miss';

/** Freshness left at `now` in ms; negative when stale, for as long as it has been. */
export function freshFor(found: Found, now: number): number {
  return Math.min(freshUntil(found.entry), found.staleSince) - now;
}

/** Whether what is here is to be preferred to what L2 has: later, or the very same without having come from there just now. */
function isNewer(here: Entry, there: Entry): boolean {
  return here !== there && here.storedAt >= there.storedAt;
}

/** What memory may answer with before it looks at L2 again. */
function reliable(record: MemoryRecord | undefined, now: number): MemoryRecord | undefined {
  return record !== undefined && now < record.until ? record : undefined;
}

/** Fresh, not softly purged, and no part. */
function isReady(found: Found, now: number): boolean {
  const { entry, staleSince } = found;
  return staleSince > now && freshUntil(entry) > now && entry.status !== 206;
}
