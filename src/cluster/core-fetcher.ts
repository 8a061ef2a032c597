import type { Fetched, Fetcher } from '../cache/fetcher.js';
import type { Filler } from '../cache/fill.js';
import { freshFor, type Lookup } from '../cache/lookup.js';
import { isOriginTrouble } from '../cache/origin-fetcher.js';
import type { PurgeTable } from '../cache/purge-table.js';
import type { Clock } from '../clock.js';
import type { OriginRequest, OriginResponse } from '../origin/source.js';
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
    const { route, storedAt } = request;
    const stamp = purges.stamp();
    const found = await lookup.find(route);
    if (found !== undefined && freshFor(found, clock.now()) > 0) {
      // Another worker has just filled it. A worker that holds this very entry wants it validated nevertheless.
      const newer = storedAt === undefined || found.entry.storedAt > storedAt;
      if (newer) return { kind: 'current', entry: found.entry, forwardStatus: found.entry.status };
    }
    const forward = found === undefined ? 'uri-miss' : 'stale';
    const answer = await filler.obtain({ route, stored: found?.entry, stamp, forward }, signal);
    switch (answer.kind) {
      case 'entry':
        return { kind: 'current', entry: answer.entry, forwardStatus: answer.outcome.forwardStatus ?? 200 };
      case 'arriving':
        return { kind: 'storable', head: answer.head, length: answer.length, body: answer.body };
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
}
