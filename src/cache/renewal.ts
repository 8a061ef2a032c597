import type { Clock } from '../clock.js';
import { type RawHeaders, withField } from '../http/headers.js';
import { mergeHeaders } from '../http/revalidation.js';
import type { OriginResponse } from '../origin/source.js';
import type { Entry, EntryHead } from '../tiers/entry.js';
import type { Coverage } from './coverage.js';
import type { Fetched, FillJob } from './fetcher.js';
import { wholeBody } from './peek.js';
import { uncacheable } from './refusal.js';
import type { SitePolicy } from './site.js';
import { decide, type ParentAnswer } from './verdict.js';

export interface ParentSide {
  /** What the parent's cache says of a response; undefined of an origin's own. */
  answer(response: OriginResponse): ParentAnswer | undefined;
  /** Whether we have purged what the parent has had since `bornAt` (ms): it need not have heard of that. */
  overtaken(head: EntryHead, bornAt: number): boolean;
}

export interface RenewalParts {
  readonly site: SitePolicy;
  readonly clock: Clock;
  /** Where another proxy may answer in the origin's place (PARENT_PROXY). */
  readonly parent?: ParentSide | undefined;
  /** Gives lifetimes beyond the class table's. */
  readonly coverage?: Coverage | undefined;
}

/** What becomes of stored bytes that the origin has confirmed or completed. */
export class Renewal {
  readonly #parts: RenewalParts;

  constructor(parts: RenewalParts) {
    this.#parts = parts;
  }

  /** Stored fields with those of an update; Set-Cookie is taken over only where it may be stored at all. */
  merged(stored: Entry, update: RawHeaders): RawHeaders {
    return this.#parts.site.ttlPolicy === 'origin'
      ? mergeHeaders(stored.headers, update, NOTHING)
      : mergeHeaders(stored.headers, update);
  }

  /**
   * An entry whose bytes the origin has just confirmed (RFC 9111 section 4.3.4) or completed: its fields and times are made
   * anew from `headers`. Undefined when a parent confirmed what a purge has overtaken.
   */
  renewed(job: FillJob, entry: Entry, headers: RawHeaders, response: OriginResponse): Fetched | undefined {
    const { site, clock } = this.#parts;
    const { status, statusText } = entry;
    const { requestTime, responseTime } = response;
    const { route, stamp } = job;
    const parent = this.#parts.parent?.answer(response);
    const freshMs = this.#parts.coverage?.lifetimeOf(route, status);
    // Freshness is judged as if the coding were still named; the entry's own note of it is kept.
    const decision = decide(
      site,
      { route, status, statusText, headers, requestTime, responseTime, stamp, freshMs, parent },
      clock.random(),
    );
    if (!decision.store) {
      const coded = entry.coding === 'gzip' ? withField(headers, 'Content-Encoding', 'gzip') : headers;
      return uncacheable(
        { status, statusText, headers: coded },
        wholeBody(entry.body),
        decision.reason,
        site.ttlPolicy,
      );
    }
    const { coding, recoded, body } = entry;
    const tags = [...new Set([...decision.head.tags, ...entry.tags])];
    if (this.overtaken(parent, { ...decision.head, tags })) return undefined;
    const renewed: Entry = { ...decision.head, tags, coding, recoded, body };
    const { own } = decision;
    return {
      kind: 'current',
      forwardStatus: response.status,
      entry: renewed,
      ...(own.length > 0 && { own }),
    };
  }

  /** I-1: a parent that has not heard of our purge may have, and confirm, what was purged here. */
  overtaken(parent: ParentAnswer | undefined, head: EntryHead): boolean {
    // Age is in whole seconds, cut off: it may be one more.
    const bornAt = head.storedAt - head.ageAtStore - 1000;
    return parent !== undefined && this.#parts.parent?.overtaken(head, bornAt) === true;
  }
}

const NOTHING: ReadonlySet<string> = new Set();
