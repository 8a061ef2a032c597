import type { RawHeaders } from '../http/headers.js';
import type { BodySource } from '../origin/source.js';
import type { Entry, EntryHead } from '../tiers/entry.js';
import type { ResponseHead } from './fetcher.js';
import type { Made } from './made.js';
import type { Outcome } from './outcome.js';

/** What the engine hands to delivery. Only `raw` goes out as the origin sent it; the others obey the client's request. */
export type Answer =
  /** A complete entry in hand. */
  | {
      kind: 'entry';
      entry: Entry;
      /** Fields that only who led the fetch gets, beside those of the entry. */
      own?: RawHeaders | undefined;
      outcome: Outcome;
    }
  /** An entry whose bytes are still arriving. `whole` settles with it once stored, or undefined if it can't be. */
  | {
      kind: 'arriving';
      head: EntryHead;
      length: number | undefined;
      /** Fields that only who led the fetch gets, beside those of `head`. */
      own?: RawHeaders | undefined;
      /** See `Fetched`. */
      making?: Promise<Made | undefined> | undefined;
      body: BodySource;
      /** The entry once stored; undefined when it was not. Listening keeps nothing alive. */
      stored: Promise<Entry | undefined>;
      /** The same, and the fill goes on until then although nobody reads. */
      whole: () => Promise<Entry | undefined>;
      outcome: Outcome;
    }
  /** Not cached: status, fields and bytes as they came. */
  | {
      kind: 'raw';
      head: ResponseHead;
      body: BodySource;
      /** Others who wait for it may have it too: an error of the origin with nothing personal in it. */
      share: boolean;
      outcome: Outcome;
    };
