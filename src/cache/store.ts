import type { Clock } from '../clock.js';
import { partOf, sameStrongTag } from '../http/partial.js';
import { compact } from '../tiers/compact.js';
import { type Entry, type EntryHead, freshUntil, usefulUntil, VALIDATED_MS } from '../tiers/entry.js';
import type { SetResult, Tier } from '../tiers/tier.js';
import type { Lookup } from './lookup.js';
import { inspected, type Made, make } from './made.js';
import type { NoStoreReason } from './outcome.js';
import { asWhole, combined } from './part.js';
import type { PurgeTable } from './purge-table.js';
import type { SharedRoute, SitePolicy } from './site.js';
import { languagesOf, languagesWith } from './variant.js';

/** A fill that takes longer may not be stored: purge rules are kept for less long than that (ADR 0002). */
const MAX_FILL_MS = 30 * 60_000;

export interface StorerParts {
  readonly site: SitePolicy;
  readonly l2: Tier;
  readonly purges: PurgeTable;
  readonly clock: Clock;
  /** Bound of one entry, also of one that is put together of parts. */
  readonly maxEntryBytes: number;
  /** Told of every entry before L2 has it; what it answers is waited for before L2 is given the entry. Never rejects. */
  readonly onKept?: ((head: EntryHead) => Promise<void> | undefined) | undefined;
}

/** What became of an entry: kept, or why it may not be stored. */
export interface Kept {
  readonly result: Entry | NoStoreReason;
  /** Settles when L2 has answered; undefined when it was not asked. Never rejects. */
  readonly written: Promise<SetResult> | undefined;
}

/** The way into the tiers: complete bodies are looked at, tagged, coded once and kept. */
export class Storer {
  readonly #parts: StorerParts;
  readonly #lookup: Lookup;

  constructor(parts: StorerParts, lookup: Lookup) {
    this.#parts = parts;
    this.#lookup = lookup;
  }

  /**
   * Makes an entry of a complete body and keeps it, or says why it may not be stored. `fence`: see `keep`. `making`: see
   * `Fetched`; without it, or when it brings nothing, the body is looked at here.
   */
  async finish(
    route: SharedRoute,
    head: EntryHead,
    body: Buffer,
    fence?: number,
    making?: Promise<Made | undefined>,
  ): Promise<Kept> {
    const { clock } = this.#parts;
    if (clock.now() - head.storedAt > MAX_FILL_MS) return refused('purged-meanwhile');
    if (head.status === 206) return this.#keepPart({ ...head, body }, fence);
    const made = (await making) ?? (await this.#looked(route, head, body));
    if (typeof made === 'string') return refused(made);
    return this.keep({ ...head, ...made, body: made.body ?? body }, fence);
  }

  async #looked(route: SharedRoute, head: EntryHead, body: Buffer): Promise<Made | NoStoreReason> {
    const { site } = this.#parts;
    const plain = await inspected(site, route, head, body);
    return typeof plain === 'string' ? plain : make(site, route, head, plain);
  }

  /** A part joins what is stored of the same bytes; it does not take the place of the whole of the same version. */
  async #keepPart(part: Entry, fence: number | undefined): Promise<Kept> {
    if (partOf(part.headers, part.body.length) === undefined) return refused('truncated');
    const there = await this.#lookup.stored(part.key);
    // The whole may have come meanwhile. Where memory holds nothing that is not seen: it is then fetched or completed again.
    const known = this.#lookup.here(part.key) ?? there;
    const { purges, clock, maxEntryBytes } = this.#parts;
    const useful =
      known !== undefined && purges.judge(known) === 'valid' && freshUntil(known) > clock.now()
        ? known
        : undefined;
    if (useful !== undefined && useful.status !== 206 && !useful.marker) {
      // Of another version and later, the part is what must be answered with from now on (RFC 9111 section 4).
      const stays = sameStrongTag(useful.headers, part.headers) || useful.storedAt > part.storedAt;
      if (stays) return { result: part, written: undefined };
    }
    const more = useful && combined(useful, part, maxEntryBytes);
    return this.keep(more ?? asWhole(part), fence);
  }

  /**
   * Keeps an entry in both tiers unless a purge has overtaken it. Resolves as soon as the next look-up finds it: at
   * once when memory took it, else when L2 has it, so that nobody asks the origin in between. `fence`: of the lease the
   * entry was filled under.
   */
  async keep(given: Entry, fence?: number): Promise<Kept> {
    const entry = compact(given);
    const { purges, clock } = this.#parts;
    const verdict = purges.judge(entry);
    if (verdict === 'purged') return refused('purged-meanwhile');
    // Begun before a soft purge: it must not replace what was fetched after it.
    if (verdict !== 'valid' && ((await this.#lookup.stored(entry.key))?.stamp ?? -1) > entry.stamp)
      return refused('purged-meanwhile');
    const noted = this.#parts.onKept?.(entry);
    const marked = entry.vary.length > 0 && !entry.marker ? this.#keepMarker(entry, fence) : undefined;
    const remembered = this.#lookup.remember(entry, clock.now());
    const written = this.#write(entry, fence, marked, noted);
    if (remembered !== 'stored') await written;
    return { result: entry, written };
  }

  async #write(
    entry: Entry,
    fence: number | undefined,
    marked: Promise<SetResult> | undefined,
    noted: Promise<void> | undefined,
  ): Promise<SetResult> {
    if (noted !== undefined) await noted;
    const result = await this.#parts.l2.set(entry, fence);
    // Other nodes find a variant by its marker.
    await marked;
    // A later leader has stored something newer there: this process must not answer with ours until it looks again (I-4).
    if (result === 'fenced') this.#lookup.forget(entry);
    return result;
  }

  /**
   * Memory has the marker at once, with the languages it knew; what L2 knows of more is added when it has been asked. It lives as
   * long as any variant it has led to: without it they are not found.
   */
  #keepMarker(variant: Entry, fence: number | undefined): Promise<SetResult> {
    const { l2, clock } = this.#parts;
    const keep = (there: Entry | undefined): Entry => {
      const before = [this.#lookup.here(variant.primaryKey), there];
      const known = before.flatMap(languagesOf);
      const lives = before.map((marker) => (marker?.marker === true ? usefulUntil(marker) : 0));
      const until = Math.max(usefulUntil(variant), variant.storedAt + VALIDATED_MS, ...lives);
      const marker: Entry = {
        ...variant,
        key: variant.primaryKey,
        marker: true,
        body: Buffer.alloc(0),
        headers: languagesWith(known, variant),
        lifetime: until - variant.storedAt + variant.ageAtStore,
        staleWhileRevalidate: 0,
        staleIfError: 0,
      };
      this.#lookup.remember(marker, clock.now());
      return marker;
    };
    const isKnown = this.#lookup.here(variant.primaryKey) !== undefined;
    const marker = keep(undefined);
    if (isKnown) return l2.set(marker, fence);
    return l2.get(variant.primaryKey).then((there) => l2.set(keep(there), fence));
  }
}

function refused(result: NoStoreReason): Kept {
  return { result, written: undefined };
}
