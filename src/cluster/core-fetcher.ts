import type { Answer } from '../cache/answer.js';
import type { Fetched, Fetcher } from '../cache/fetcher.js';
import type { Filler, Want } from '../cache/fill.js';
import { freshFor, type Lookup } from '../cache/lookup.js';
import { isOriginTrouble } from '../cache/origin-fetcher.js';
import type { PurgeTable } from '../cache/purge-table.js';
import type { Clock } from '../clock.js';
import { ProxyError } from '../errors.js';
import type { OriginRequest, OriginResponse, Priority } from '../origin/source.js';
import type { HubFetcher } from './hub-server.js';
import type { WireRequest } from './wire.js';

export interface CoreFetcherParts {
  readonly lookup: Lookup;
  readonly filler: Filler;
  readonly fetcher: Fetcher;
  readonly purges: PurgeTable;
  readonly clock: Clock;
}

/** What the core does for its workers: one flight per key for the whole node (I-6), and the one writer of L2. */
export class CoreFetcher implements HubFetcher {
  readonly #parts: CoreFetcherParts;

  constructor(parts: CoreFetcherParts) {
    this.#parts = parts;
  }

  pass(request: OriginRequest): Promise<OriginResponse> {
    return this.#parts.fetcher.pass(request);
  }

  async fill(request: Extract<WireRequest, { kind: 'fill' }>, signal: AbortSignal): Promise<Fetched> {
    const { lookup, filler, purges, clock } = this.#parts;
    const { route, storedAt, forward } = request;
    const stamp = purges.stamp();
    const found = await lookup.find(route);
    if (found !== undefined && forward !== 'request' && freshFor(found, clock.now()) > 0) {
      // Another worker has just filled it. A worker that holds this very entry wants it validated nevertheless.
      const newer = storedAt === undefined || found.entry.storedAt > storedAt;
      if (newer)
        return { kind: 'current', entry: found.entry, forwardStatus: found.entry.status, collapsed: true };
    }
    const want: Want = { route, stored: found?.entry, stamp, forward };
    const net = found !== undefined && -freshFor(found, clock.now()) <= found.entry.staleIfError;
    const answer = net
      ? await this.#refresh(want, request.priority, signal)
      : await filler.obtain(want, signal, request.priority);
    const { collapsed = false, forwardStatus = 200 } = answer.outcome;
    switch (answer.kind) {
      case 'entry':
        return { kind: 'current', entry: answer.entry, forwardStatus, collapsed };
      case 'arriving':
        return { kind: 'storable', head: answer.head, length: answer.length, body: answer.body, collapsed };
      case 'raw': {
        const reason = answer.outcome.noStore ?? 'status';
        return {
          kind: 'uncacheable',
          head: answer.head,
          body: answer.body,
          reason,
          share: isOriginTrouble(answer.head.status),
        };
      }
    }
  }

  /**
   * The worker holds a stale value that may stand in, so a failure is remembered for the node: a dead origin costs one
   * request per interval, not one per worker (I-10).
   */
  async #refresh(want: Want, priority: Priority, signal: AbortSignal): Promise<Answer> {
    const { filler } = this.#parts;
    if (filler.resting(want.route.key)) {
      throw new ProxyError('origin_unreachable', 'the origin failed a moment ago and is left alone');
    }
    const refreshed = await filler.refresh(want, priority);
    if (refreshed.kind === 'entry') return refreshed;
    if (refreshed.kind === 'not-stored') return filler.obtain(want, signal);
    throw new ProxyError('origin_unreachable', 'the origin could not refresh this answer');
  }
}
