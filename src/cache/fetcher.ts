import type { ForwardReason } from '../http/cache-status.js';
import type { RawHeaders } from '../http/headers.js';
import type { BodySource, OriginRequest, OriginResponse, Priority } from '../origin/source.js';
import type { Entry, EntryHead } from '../tiers/entry.js';
import type { Made } from './made.js';
import type { NoStoreReason } from './outcome.js';
import type { Attendants } from './phases.js';
import type { SharedRoute } from './site.js';

/** One fill: what to get, what is already stored, and for whom. */
export interface FillJob extends Attendants {
  readonly route: SharedRoute;
  /** A stale entry whose validators may save the body; undefined on a plain miss. */
  readonly stored: Entry | undefined;
  /** Purge clock, read before the first await of the request that leads the fill (I-2). */
  readonly stamp: number;
  readonly priority: Priority;
  /** See `OriginRequest`: set where the priority is below a user's, who may join. */
  readonly urged?: AbortSignal | undefined;
  /** Why the origin is asked; `request`: the client wants nothing that was not validated for it. */
  readonly forward: ForwardReason;
  /** See `Want`. */
  readonly standIn?: boolean | undefined;
  readonly signal: AbortSignal;
  /** True when no other request may join this fill: what it brings was not for sharing a moment ago. */
  readonly alone: boolean;
  /** Settles when the fill is over, its write to L2 included, whatever it brought. Never rejects. */
  readonly over: Promise<FillEnd>;
  /** Told of interim responses on the way: whoever leads the fill, if that is a client's request. */
  readonly onInfo?: OriginRequest['onInfo'];
}

/**
 * How a fill ended for other nodes: L2 has the entry, or it has not (a failure, a purge), or what came may not be
 * stored and will not be for a while, ms, so that they need not wait for each other (I-8).
 */
export type FillEnd = 'stored' | 'not-stored' | { readonly uncacheableForMs: number };

/** A response head as it goes to a client; hop-by-hop fields are gone. */
export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: RawHeaders;
}

/**
 * `collapsed`: another process or node had asked, or has just been answered. `fence`: of the lease it was fetched under,
 * for the write to L2.
 */
export type Fetched =
  /** May be stored, as far as the head tells. `length` is the body's, in bytes, when announced. */
  | {
      kind: 'storable';
      head: EntryHead;
      body: BodySource;
      length: number | undefined;
      /** Fields for the one who asked that are neither stored nor shared (`private="f"`, `no-cache="f"`). */
      own?: RawHeaders | undefined;
      /**
       * The body has been looked at whole, and this is made of it; nobody need look or code again. Undefined: it failed, and
       * what has come is then judged here. Never rejects.
       */
      making?: Promise<Made | undefined> | undefined;
      collapsed?: boolean;
      fence?: number;
    }
  /**
   * The stored entry is current again: the origin said 304, or another worker or node has just filled it. `kept`: it
   * comes from our own tiers and need not be written to them.
   */
  | {
      kind: 'current';
      entry: Entry;
      forwardStatus: number;
      /** As above. */
      own?: RawHeaders | undefined;
      collapsed?: boolean;
      fence?: number;
      kept?: boolean;
    }
  /**
   * Must not be stored. `share`: whoever waits may have it too (an error of the origin, nothing personal). `asker`: what it was for
   * (`askerOf`), where it says nothing of what others are answered.
   */
  | {
      kind: 'uncacheable';
      head: ResponseHead;
      body: BodySource;
      reason: NoStoreReason;
      share: boolean;
      asker?: string | undefined;
    };

/**
 * What the engine asks when its tiers can't answer. In a single process this is the origin itself; in a worker it is
 * the node's core, which collapses the fills of all workers into one.
 */
export interface Fetcher {
  /** Rejects with a ProxyError when there is no answer. */
  fetch(job: FillJob): Promise<Fetched>;
  /** Passes a request through as it is. */
  pass(request: OriginRequest): Promise<OriginResponse>;
}
