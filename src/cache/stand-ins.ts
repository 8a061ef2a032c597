import type { Clock } from '../clock.js';
import { within } from '../deadline.js';
import type { ReuseVerdict } from '../http/reuse.js';
import { isServerFailure } from '../http/status.js';
import type { Entry } from '../tiers/entry.js';
import type { Answer } from './answer.js';
import type { Filler, Refreshed } from './fill.js';
import type { Want } from './landed.js';
import { type Found, freshFor } from './lookup.js';
import { mayBeServedOffline, Outages } from './outage.js';
import type { PurgeTable } from './purge-table.js';
import type { SitePolicy } from './site.js';
import { type StandIn, storedOutcome } from './stored-outcome.js';

export interface StandInParts {
  readonly site: SitePolicy;
  readonly clock: Clock;
  readonly purges: PurgeTable;
  /** How long a request that has a servable stale value waits for the origin, ms; under the class table only. */
  readonly softTimeoutMs: number;
}

/** What is known of something stored that is not fresh. */
export interface Staleness {
  readonly verdict: ReuseVerdict;
  /** Until it is stale, ms; negative since then. */
  readonly leftMs: number;
}

/** Asks the origin where a stored value is at hand, and lets that answer in its place where it may (I-9, I-10). */
export class StandIns {
  readonly #parts: StandInParts;
  readonly #filler: Filler;
  readonly #outages: Outages;

  /** @param parts not copied: the time may change while the program runs */
  constructor(parts: StandInParts, filler: Filler) {
    this.#parts = parts;
    this.#filler = filler;
    this.#outages = new Outages(parts.clock);
  }

  /** An upstream has answered for whom nothing was at hand: what that says of an outage holds for all. */
  heard(upstream: string, answer: Answer): void {
    this.#outages.heard(upstream, answer);
  }

  mayBeServedOffline(entry: Entry): boolean {
    const { clock, site } = this.#parts;
    return mayBeServedOffline(entry, clock.now(), site.ttlPolicy);
  }

  /** The origin's answer to `asked`, or what is stored if that fails, or is slow, and it may. */
  ask(asked: Want, found: Found, staleness: Staleness, signal: AbortSignal): Promise<Answer> {
    const { site } = this.#parts;
    const answer = mayStandIn(staleness, found, site)
      ? this.#validate(asked, found, signal)
      : this.#filler.obtain(asked, signal);
    return site.ttlPolicy === 'origin' ? answer : this.#orOffline(asked, found, answer);
  }

  /** What is stored, however old, in place of the answer of an upstream that is left alone: what OFFLINE does for all. */
  #orOffline(want: Want, found: Found, asked: Promise<Answer>): Promise<Answer> {
    return this.#outages.bridged(want.route.upstream, asked, () =>
      this.mayBeServedOffline(found.entry)
        ? this.#instead(want, found, { stale: 'offline', forward: want.forward })
        : undefined,
    );
  }

  /** The origin has a short while to do better than what is stored, and may fail without harm. */
  async #validate(asked: Want, found: Found, signal: AbortSignal): Promise<Answer> {
    const want: Want = { ...asked, standIn: true };
    if (this.#filler.resting(want.route)) return this.#stored(want, found, { stale: 'not-before' });
    const streamed = this.#parts.site.ttlPolicy === 'origin';
    const refreshed = await this.#inTime(want, this.#filler.refresh(want, 'user', streamed));
    switch (refreshed.kind) {
      case 'entry':
        return refreshed;
      case 'landed':
        return refreshed.take();
      case 'trouble':
        return this.#afterTrouble(want, found, refreshed, signal);
      case 'not-stored':
        return refreshed.take?.() ?? this.#askAgain(want, found, signal);
      case 'late':
        return (
          this.#instead(want, found, { stale: 'soft-timeout', forward: want.forward }) ??
          this.#filler.obtain(want, signal)
        );
    }
  }

  /** `refreshed`, unless the operator would rather have the stale value than wait longer. */
  async #inTime(want: Want, refreshed: Promise<Refreshed>): Promise<Refreshed | { kind: 'late' }> {
    const { clock, site, softTimeoutMs } = this.#parts;
    // By the letter a slow origin is neither failing nor out of reach (RFC 9111 section 4.2.4).
    if (site.ttlPolicy === 'origin') return refreshed;
    // Counted from the start of the flight: who comes to one that is known to be slow does not wait all over again.
    const patience = Math.max(0, softTimeoutMs - this.#filler.flyingFor(want));
    return within(clock, patience, refreshed, () => ({ kind: 'late' as const }));
  }

  #afterTrouble(
    want: Want,
    found: Found,
    { status, error }: Extract<Refreshed, { kind: 'trouble' }>,
    signal: AbortSignal,
  ): Answer | Promise<Answer> {
    const answer = this.#instead(want, found, failed(want, status));
    if (answer !== undefined) return answer;
    // An origin that is known not to answer is not asked twice (I-10).
    if (error !== undefined) throw error;
    return this.#filler.obtain(want, signal);
  }

  /** What others were given is not for this request, so it asks for itself; that may fail as any validation may. */
  async #askAgain(want: Want, found: Found, signal: AbortSignal): Promise<Answer> {
    try {
      const answer = await this.#filler.obtain(want, signal);
      if (answer.kind !== 'raw' || !(answer.share || isServerFailure(answer.head.status))) return answer;
      const stored = this.#instead(want, found, failed(want, answer.head.status));
      if (stored !== undefined) answer.body.cancel();
      return stored ?? answer;
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      this.#filler.rest(want.route);
      const stored = this.#instead(want, found, failed(want, undefined));
      if (stored === undefined) throw thrown;
      return stored;
    }
  }

  /** The stored value in the origin's place, if it still may be: a purge may have come while the origin was asked (I-1, I-5). */
  #instead(want: Want, found: Found, why: StandIn): Answer | undefined {
    const { purges, clock } = this.#parts;
    const verdict = purges.judge(found.entry);
    if (verdict === 'purged') return undefined;
    if (verdict === 'valid' || verdict.staleSince === found.staleSince) return this.#stored(want, found, why);
    const stale = { ...found, staleSince: verdict.staleSince };
    const pastUse = -freshFor(stale, clock.now()) >= found.entry.staleIfError;
    if (pastUse && why.stale !== 'offline') return undefined;
    return this.#stored(want, stale, why);
  }

  #stored({ route }: Want, found: Found, why: StandIn): Answer {
    const outcome = storedOutcome(found, route, this.#parts.clock.now(), why);
    return { kind: 'entry', entry: found.entry, outcome };
  }
}

/** Whether the stored value may answer if the origin fails. */
function mayStandIn({ verdict, leftMs }: Staleness, found: Found, site: SitePolicy): boolean {
  if (verdict.kind === 'stale-if-error-only') return true;
  // By the letter a client's no-cache rules that out; under the operator's own table an answer beats an error.
  return (
    site.ttlPolicy === 'content-type' &&
    verdict.reason.startsWith('request-') &&
    -leftMs <= found.entry.staleIfError
  );
}

function failed({ forward }: Want, forwardStatus: number | undefined): StandIn {
  return { stale: 'origin-error', forward, forwardStatus };
}
