import type { Clock } from '../clock.js';
import { dayOf } from './account.js';
import { isLimited, limitsOf, type Portion } from './limits.js';
import type { Grant, GrantAsk, Tenant } from './tenant.js';

export interface MeterParts {
  readonly clock: Clock;
  /** The ledger of the node: at once where it is in this process and need not ask Redis. */
  readonly grant: (ask: GrantAsk) => Grant | Promise<Grant>;
}

/** Why a request is not let in, and for how long, ms. */
export interface Denied {
  readonly why: 'rate' | 'quota';
  readonly ms: number;
}

/** A refusal is believed for at most so long, ms: others may give back what they did not use. */
const BELIEVED_MS = 1000;

interface Refusal {
  readonly why: Denied['why'];
  readonly until: number;
  readonly believedUntil: number;
}

interface Purse {
  portion: Portion;
  /** Requests that may be let in without asking, until `until`. */
  tokens: number;
  until: number;
  day: number | undefined;
  denied: Refusal | undefined;
  /** The ledger is being asked; never rejects. */
  asking: Promise<void> | undefined;
  /** Requests that wait for it. */
  waiting: number;
  /** Of the last grant, for those who waited for it; however late it came. */
  due: number;
  /** Let in while the ledger did not answer. */
  owed: number;
  watched: boolean;
}

/**
 * Lets requests of tenants in, within what the node's ledger has granted this process. Grants are taken ahead where the limits
 * are wide, so that a hot request need not ask.
 */
export class TenantMeter {
  readonly #parts: MeterParts;
  readonly #purses = new Map<string, Purse>();

  constructor(parts: MeterParts) {
    this.#parts = parts;
  }

  /** New limits: what was refused under the old ones may be allowed now. */
  limits(tenants: readonly Tenant[]): void {
    const known = new Map(tenants.map((tenant) => [tenant.name, tenant]));
    for (const [name, purse] of this.#purses) {
      const tenant = known.get(name);
      if (tenant === undefined) {
        this.#purses.delete(name);
        continue;
      }
      purse.denied = undefined;
      purse.portion = limitsOf(tenant).portion;
    }
  }

  /** Lets one request in or says why not; 'ask': only `take` can tell. */
  takeNow(tenant: Tenant): 'in' | 'ask' | Denied {
    if (!isLimited(tenant)) return 'in';
    const purse = this.#purseOf(tenant);
    const settled = this.#settled(purse);
    if (settled !== undefined) return settled;
    if (purse.asking !== undefined) return 'ask';
    this.#ask(tenant.name, purse);
    return (purse.asking === undefined ? this.#settled(purse) : undefined) ?? 'ask';
  }

  /** The same, waiting for the ledger. A ledger that does not answer lets in, and is told later. */
  async take(tenant: Tenant): Promise<'in' | Denied> {
    if (!isLimited(tenant)) return 'in';
    for (;;) {
      const purse = this.#purseOf(tenant);
      purse.waiting += 1;
      const verdict = this.takeNow(tenant);
      if (verdict === 'ask') await purse.asking;
      purse.waiting -= 1;
      if (verdict !== 'ask') return verdict;
      if (purse.due > 0 && this.#purses.get(tenant.name) === purse) {
        purse.due -= 1;
        return 'in';
      }
    }
  }

  #purseOf(tenant: Tenant): Purse {
    let purse = this.#purses.get(tenant.name);
    if (purse === undefined) {
      const { portion } = limitsOf(tenant);
      const empty = { tokens: 0, until: 0, day: undefined, denied: undefined, asking: undefined };
      purse = { portion, ...empty, waiting: 0, due: 0, owed: 0, watched: false };
      this.#purses.set(tenant.name, purse);
    }
    return purse;
  }

  /** What is known without asking. */
  #settled(purse: Purse): 'in' | Denied | undefined {
    const now = this.#parts.clock.steady();
    if (purse.tokens > 0 && now < purse.until) {
      purse.tokens -= 1;
      return 'in';
    }
    const { denied } = purse;
    if (denied === undefined || now >= denied.believedUntil) return undefined;
    return { why: denied.why, ms: Math.max(1, denied.until - now) };
  }

  #ask(tenant: string, purse: Purse): void {
    const want = Math.max(purse.portion.size, purse.waiting);
    const unused = this.#emptied(purse);
    const askedAt = this.#parts.clock.steady();
    const answer = this.#grantOf(tenant, purse, want, unused);
    if (!(answer instanceof Promise)) {
      this.#apply(tenant, purse, answer, askedAt);
      return;
    }
    purse.asking = answer
      .catch((): Grant => {
        purse.owed += want - unused;
        return { given: want, forMs: purse.portion.forMs };
      })
      .then((grant) => {
        purse.asking = undefined;
        // Where the ledger takes longer than a grant is of use, nobody would ever get one.
        purse.due = Math.min(grant.given, purse.waiting);
        this.#apply(tenant, purse, grant, askedAt);
      });
  }

  /** Takes out what is left of the last grant, less what was let in without one. */
  #emptied(purse: Purse): number {
    const unused = purse.tokens - purse.owed;
    purse.tokens = 0;
    purse.owed = 0;
    return unused;
  }

  #grantOf(tenant: string, purse: Purse, want: number, unused: number): Grant | Promise<Grant> {
    const day = purse.day ?? dayOf(this.#parts.clock.now());
    return this.#parts.grant({ tenant, want, unused, ...(unused !== 0 && { day }) });
  }

  /** @param askedAt from then on the account counts what is granted, so from then on it may be used, ms */
  #apply(tenant: string, purse: Purse, { given, forMs, refused, day }: Grant, askedAt: number): void {
    const now = this.#parts.clock.steady();
    purse.day = day;
    if (given === 0) {
      const until = now + Math.max(1, forMs);
      const believedUntil = Math.min(until, now + BELIEVED_MS);
      purse.denied = { why: refused ?? 'rate', until, believedUntil };
      return;
    }
    purse.denied = undefined;
    purse.tokens = given - purse.due;
    purse.until = askedAt + Math.max(1, forMs);
    if (given > 1 && purse.tokens > 0) this.#watch(tenant, purse);
  }

  /** What nobody has used in time goes back: it may be the last of the day, and another process' to use. */
  #watch(tenant: string, purse: Purse): void {
    if (purse.watched) return;
    purse.watched = true;
    const { clock } = this.#parts;
    clock.after(Math.max(1, purse.until - clock.steady()), () => {
      purse.watched = false;
      if (purse.tokens === 0 || purse.asking !== undefined || this.#purses.get(tenant) !== purse) return;
      if (clock.steady() < purse.until) {
        this.#watch(tenant, purse);
        return;
      }
      const unused = this.#emptied(purse);
      const back = this.#grantOf(tenant, purse, 0, unused);
      if (back instanceof Promise)
        back.catch(() => {
          purse.owed -= unused; // with the next question
        });
    });
  }
}
