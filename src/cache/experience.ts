import type { Clock } from '../clock.js';
import type { EntryHead } from '../tiers/entry.js';
import { askerOf, isForAsker, type Refused } from './asker.js';
import { RecentKeys } from './recent.js';
import type { SharedRoute, SitePolicy } from './site.js';
import { isFreshAtStore } from './suits.js';

/** How long an uncacheable outcome, or one born stale, is remembered: requests then do not wait for each other (I-8), ms. */
const UNCACHEABLE_MS = 60_000;
/** The same where that may be over soon (401, 403), ms. */
const REFUSED_MS = 2_000;
/** How long a credential that the origin has answered is known to be good, ms. */
const WELCOME_MS = 3600_000;

/** What the origin's last answers have said of keys and of askers. Who waits for whom follows from it. Bounded in number and time. */
export class Experience {
  readonly #ttlPolicy: SitePolicy['ttlPolicy'];
  readonly #uncacheable: RecentKeys;
  readonly #bornStale: RecentKeys;
  /** Keys with an asker whose answers were for that asker alone: others are not to wait for it again. */
  readonly #ofAskers: RecentKeys;
  /** Credentials that the origin takes: who has one does not wait for another that may be wrong. */
  readonly #welcome: RecentKeys;

  constructor(clock: Clock, ttlPolicy: SitePolicy['ttlPolicy']) {
    this.#ttlPolicy = ttlPolicy;
    this.#uncacheable = new RecentKeys(clock);
    this.#bornStale = new RecentKeys(clock);
    this.#ofAskers = new RecentKeys(clock);
    this.#welcome = new RecentKeys(clock);
  }

  /** Whether what the key, or this asker of it, was answered a moment ago might not be stored. */
  wasRefused(key: string, route: SharedRoute): boolean {
    if (this.#uncacheable.has(key)) return true;
    const asker = askerOf(route, this.#ttlPolicy);
    return asker !== undefined && this.#ofAskers.has(ofAsker(key, asker));
  }

  wasBornStale(key: string): boolean {
    return this.#bornStale.has(key);
  }

  isWelcome(credential: string): boolean {
    return this.#welcome.has(credential);
  }

  /** An answer that may be stored came; `own`: to this very request's credential. */
  accepted(key: string, route: SharedRoute, head: EntryHead, own: boolean): void {
    const { credential } = route;
    if (credential !== undefined && own) this.#welcome.note(credential, WELCOME_MS);
    this.#uncacheable.forget(key);
    const asker = askerOf(route, this.#ttlPolicy);
    if (asker !== undefined) this.#ofAskers.forget(ofAsker(key, asker));
    this.#noteFreshness(key, head);
  }

  /** One came that may not be: whose alone it was, or how long nobody waits for another's, ms; undefined: it says nothing of the next. */
  refused(
    key: string,
    route: SharedRoute,
    answer: Refused,
  ): { readonly asker: string } | { readonly forMs: number } | undefined {
    // Shared errors are what followers should wait for: remembering them would turn a dead origin into a stampede.
    // That a client wants nothing kept says nothing of the next one.
    if (answer.share || answer.reason === 'request-no-store') return undefined;
    const asker = isForAsker(answer, this.#ttlPolicy) ? askerOf(route, this.#ttlPolicy) : undefined;
    if (asker === undefined) {
      const forMs = answer.head.status >= 400 ? REFUSED_MS : UNCACHEABLE_MS;
      this.#uncacheable.note(key, forMs);
      return { forMs };
    }
    this.#ofAskers.note(ofAsker(key, asker), UNCACHEABLE_MS);
    this.#welcome.forget(asker);
    return { asker };
  }

  /** Its body turned out to be none that may be stored. How long nobody waits for another's, ms. */
  spoiled(key: string): number {
    this.#uncacheable.note(key, REFUSED_MS);
    return REFUSED_MS;
  }

  /** By the letter nobody may share what is born stale: those who want it need not wait for each other, nor nodes for nodes. */
  #noteFreshness(key: string, head: EntryHead): void {
    if (this.#ttlPolicy === 'content-type') return;
    if (isFreshAtStore(head)) this.#bornStale.forget(key);
    // What has a lifetime was old by chance, or in a cache before us.
    else this.#bornStale.note(key, head.lifetime > 0 ? REFUSED_MS : UNCACHEABLE_MS);
  }
}

function ofAsker(key: string, asker: string): string {
  return `${key}\n${asker}`;
}
