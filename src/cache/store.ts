import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Clock } from '../clock.js';
import { fieldValue } from '../http/headers.js';
import type { Entry, EntryHead } from '../tiers/entry.js';
import type { Tier } from '../tiers/tier.js';
import { inflated } from './inflate.js';
import type { Lookup } from './lookup.js';
import type { NoStoreReason } from './outcome.js';
import type { PurgeTable } from './purge-table.js';
import type { SharedRoute, SitePolicy } from './site.js';

const deflate = promisify(gzip);

/** Below this a gzip member's own 20 bytes and the client's work outweigh the gain. */
const MIN_RECODE_BYTES = 1024;
/** A fill that takes longer may not be stored: purge rules are kept for less long than that (ADR 0002). */
export const MAX_FILL_MS = 30 * 60_000;

export interface StorerParts {
  readonly site: SitePolicy;
  readonly l2: Tier;
  readonly purges: PurgeTable;
  readonly clock: Clock;
}

/** The way into the tiers: complete bodies are looked at, tagged, coded once and kept. */
export class Storer {
  readonly #parts: StorerParts;
  readonly #lookup: Lookup;

  constructor(parts: StorerParts, lookup: Lookup) {
    this.#parts = parts;
    this.#lookup = lookup;
  }

  /** Makes an entry of a complete body and keeps it, or says why it may not be stored. */
  async finish(route: SharedRoute, head: EntryHead, body: Buffer): Promise<Entry | NoStoreReason> {
    const { site, clock } = this.#parts;
    if (clock.now() - head.storedAt > MAX_FILL_MS) return 'purged-meanwhile';
    const plain = head.coding === 'gzip' ? await inflated(body) : body;
    if (plain === undefined) return 'coding-mismatch';
    const fault = site.inspect(route, head.status, head.headers, plain);
    if (fault !== undefined) return fault;
    const tags = new Set([...head.tags, ...site.tagsOf(route, head.status, head.headers, plain)]);
    const entry = await this.#code({ ...head, tags: [...tags], body }, plain);
    return this.keep(entry);
  }

  /**
   * Keeps an entry in both tiers unless a purge has overtaken it. Resolves as soon as the next look-up finds it: at
   * once when memory took it, else when L2 has it, so that nobody asks the origin in between.
   */
  async keep(entry: Entry): Promise<Entry | NoStoreReason> {
    const { purges, clock, l2 } = this.#parts;
    const verdict = purges.judge(entry);
    if (verdict === 'purged') return 'purged-meanwhile';
    // Begun before a soft purge: it must not replace what was fetched after it.
    if (verdict !== 'valid' && (await this.#lookup.stampOf(entry.key)) > entry.stamp)
      return 'purged-meanwhile';
    if (entry.vary.length > 0 && !entry.marker) this.#keepMarker(entry);
    const remembered = this.#lookup.remember(entry, clock.now());
    const written = l2.set(entry);
    if (remembered !== 'stored') await written;
    return entry;
  }

  /** JSON that came plain is stored compressed, once, off the event loop; every delivery then is free of it. */
  async #code(entry: Entry, plain: Buffer): Promise<Entry> {
    if (!this.#parts.site.transforms || entry.coding !== 'identity') return entry;
    if (plain.length < MIN_RECODE_BYTES || !isText(fieldValue(entry.headers, 'content-type'))) return entry;
    if (/\bno-transform\b/i.test(fieldValue(entry.headers, 'cache-control') ?? '')) return entry;
    const coded = await deflate(plain);
    return coded.length < plain.length ? { ...entry, body: coded, coding: 'gzip', recoded: true } : entry;
  }

  #keepMarker(entry: Entry): void {
    const marker: Entry = {
      ...entry,
      key: entry.primaryKey,
      marker: true,
      body: Buffer.alloc(0),
      headers: [],
    };
    this.#lookup.remember(marker, this.#parts.clock.now());
    void this.#parts.l2.set(marker);
  }
}

function isText(contentType: string | undefined): boolean {
  return (
    contentType !== undefined &&
    /^(text\/|application\/(json|.*\+json|xml|javascript)|image\/svg)/i.test(contentType)
  );
}
