import type { Clock } from '../clock.js';
import { ProxyError } from '../errors.js';
import type { OriginRequest, OriginResponse } from '../origin/source.js';
import type { Fetched, Fetcher, FillEnd, FillJob } from './fetcher.js';
import type { LeaseCounts } from './lease-counts.js';
import { type Found, freshFor } from './lookup.js';
import { holds } from './part.js';
import { Patience, PROXY_PATIENCE_MS } from './patience.js';
import { isReusable } from './reusable.js';
import type { SharedRoute } from './site.js';

/** How waiting for another node's fill ended. `gone`: its lease is over or lost, and nobody said how it went. */
export type Waited = 'stored' | 'not-stored' | 'gone';

/** This node's claim to fill one key. It is kept extended until released. */
export interface Lease {
  /** Larger than that of every earlier lease of this key; goes into the entry, so that a late write is told (I-4). */
  readonly fence: number;
  /** Ends the lease and tells who waits. Never rejects; only the first call counts. */
  release(end: FillEnd): Promise<void>;
}

export type Claim =
  /** `filledBefore`: L2 holds something under this key, perhaps stored between our look and the claim: look again. */
  | { readonly kind: 'ours'; readonly lease: Lease; readonly filledBefore: boolean }
  /** Another node is at it. `wait` must be called; it never rejects, and says `gone` when `signal` is aborted. */
  | { readonly kind: 'theirs'; wait(signal: AbortSignal): Promise<Waited> }
  /** There is no lease to be had (Redis trouble), or none is wanted (the key is known to be uncacheable): go alone. */
  | { readonly kind: 'alone' };

/** One fetch per cluster, best effort (I-6). */
export interface Leases {
  /**
   * Claims the fill of a primary key. `stamp`: purge clock of the fill; a lease of a fill that began before a purge we
   * know of is taken over (I-3). Never rejects, and has a deadline of its own (I-14).
   */
  claim(key: string, stamp: number, purgedAt: number): Promise<Claim>;
}

export interface LeasedFetcherParts {
  readonly inner: Fetcher;
  readonly leases: Leases;
  /** A look into the tiers: `Lookup.find`. */
  readonly find: (route: SharedRoute) => Promise<Found | undefined>;
  /** Number of the latest purge that may name a route's response. */
  readonly purgedAt: (route: SharedRoute) => number;
  readonly clock: Clock;
  /** Longest a fill waits for other nodes before it asks the origin itself, ms: the length of a lease (I-23). */
  readonly patienceMs: number;
  readonly counts?: LeaseCounts | undefined;
}

/** A loser that finds the lease taken anew this often has been unlucky enough: the budget guards the origin. */
const MAX_ROUNDS = 4;

/** Asks the origin under a lease that all nodes respect; a fill that another node is at is waited for instead. */
export class LeasedFetcher implements Fetcher {
  readonly #parts: LeasedFetcherParts;

  constructor(parts: LeasedFetcherParts) {
    this.#parts = parts;
  }

  pass(request: OriginRequest): Promise<OriginResponse> {
    return this.#parts.inner.pass(request);
  }

  async fetch(job: FillJob): Promise<Fetched> {
    const { inner, clock, patienceMs } = this.#parts;
    // What nobody of this node may join is not for sharing between nodes either.
    // Ranges are many and small, and the lease is for the whole.
    if (job.alone || job.route.range !== undefined) return inner.fetch(job);
    const patience = new Patience(
      clock,
      job.route.forProxy ? Math.min(patienceMs, PROXY_PATIENCE_MS) : patienceMs,
      job.signal,
    );
    try {
      return (await this.#claimOrShare(job, patience)) ?? (await inner.fetch(job));
    } finally {
      patience.end();
    }
  }

  /** A fetch under our lease or what another node has fetched; undefined: go alone. */
  async #claimOrShare(job: FillJob, patience: Patience): Promise<Fetched | undefined> {
    const { leases, clock, counts } = this.#parts;
    const since = clock.now();
    const begun = clock.steady();
    const tellWait = () => job.onPhase?.('lease', clock.steady() - begun);
    for (let round = 0; round < MAX_ROUNDS && !patience.over; round++) {
      const claim = await leases.claim(job.route.key, job.stamp, this.#parts.purgedAt(job.route));
      if (counts !== undefined) counts[claim.kind] += 1;
      if (claim.kind === 'ours') {
        tellWait();
        return this.#lead(job, claim.lease, claim.filledBefore, since);
      }
      if (claim.kind === 'alone') break;
      const end = await claim.wait(patience.signal);
      const shared = end === 'stored' ? await this.#shared(job, since) : undefined;
      if (shared === undefined) continue;
      tellWait();
      return shared;
    }
    tellWait();
    if (job.signal.aborted) throw left();
    return undefined;
  }

  /** `job.over` settles however this ends, so the lease is released on every path, once L2 has the entry. */
  async #lead(job: FillJob, lease: Lease, filledBefore: boolean, since: number): Promise<Fetched> {
    const { counts } = this.#parts;
    void job.over.then((end) => {
      if (counts !== undefined) counts.ended += 1;
      return lease.release(end);
    });
    if (job.signal.aborted) throw left();
    const shared = filledBefore ? await this.#shared(job, since) : undefined;
    if (shared !== undefined) return shared;
    // Clients of other nodes wait for this fill: it goes on when ours has left (I-7).
    const fetched = await this.#parts.inner.fetch({ ...job, signal: new AbortController().signal });
    return fetched.kind === 'uncacheable' ? fetched : { ...fetched, fence: lease.fence };
  }

  /** What another node has stored, if it answers this job: fresh, and newer than what the job was to replace. */
  async #shared({ route, stored, forward }: FillJob, since: number): Promise<Fetched | undefined> {
    const found = await this.#parts.find(route);
    if (found === undefined || freshFor(found, this.#parts.clock.now()) <= 0) return undefined;
    const { entry } = found;
    if (!holds(entry, route)) return undefined;
    if (stored !== undefined && entry.storedAt <= stored.storedAt) return undefined;
    // What was validated after the client asked is as good as its own; what was there before may not be what it insists on.
    const insists = forward === 'request' || !isReusable(entry, route.headers, this.#parts.clock.now());
    if (entry.storedAt < since && insists) return undefined;
    if (this.#parts.counts !== undefined) this.#parts.counts.shared += 1;
    return { kind: 'current', entry, forwardStatus: entry.status, collapsed: true, kept: true };
  }
}

function left(): ProxyError {
  return new ProxyError('client_closed', 'nobody waits for this fill any more');
}
