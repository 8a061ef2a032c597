import type { Clock } from '../clock.js';
import { Account, type Change, dayOf, endOf, type Moment, momentOf, type Taken } from './account.js';
import { type Limits, limitsOf, shareOf } from './limits.js';
import type { Grant, GrantAsk, Tenant } from './tenant.js';

/** What was known of a tenant's use of a day's quota. */
export interface Known {
  readonly day: number;
  readonly used: number;
}

/** The accounts of all nodes together, by a clock of their own. Rejects when they can't be asked. */
export interface SharedAccounts {
  /** `floor`: so much had been used for certain, should the accounts have been lost meanwhile. */
  take(tenant: string, limits: Limits, want: number, change: Change, floor?: Known): Promise<Taken>;
}

export interface LedgerParts {
  readonly clock: Clock;
  /** As the operator has it now. */
  readonly tenant: (name: string) => Tenant | undefined;
  /** Undefined: this node is alone. */
  readonly shared?: SharedAccounts | undefined;
  /** Nodes there are, this one included. */
  readonly nodes?: () => number;
  /** false: the others can't be asked, this node keeps to an equal share; true: they can again. Once each. */
  readonly onChange?: (shared: boolean) => void;
}

/** Between two looks whether the others can be asked again, ms. */
const LOOK_MS = 1000;
/** A tenant that is gone is refused for so long, ms; the process that asks has not heard of it yet. */
const UNKNOWN_MS = 1000;

/** What this node knows of one tenant. */
interface Page {
  /** This node's own account: the only one, or its share while the others can't be asked. */
  account: Account;
  /** By the last answer of the shared accounts. */
  known: Known | undefined;
  /** Used here since then without telling anyone, on `day`. */
  untold: number;
  day: number;
}

/**
 * Who may take how much, for all processes of this node: from accounts of its own, or from those that all nodes share. While
 * these can't be asked it keeps to an equal share, so with k of n nodes cut off at most k/n of a limit too much is let in.
 */
export class Ledger {
  readonly #parts: LedgerParts;
  readonly #pages = new Map<string, Page>();
  #away = false;
  #stopped = false;
  #stopLooking = () => {};

  constructor(parts: LedgerParts) {
    this.#parts = parts;
  }

  /** At once where this node is alone. Never rejects. */
  grant(ask: GrantAsk): Grant | Promise<Grant> {
    const tenant = this.#parts.tenant(ask.tenant);
    if (tenant === undefined) return { given: 0, forMs: UNKNOWN_MS, refused: 'rate' };
    const { shared } = this.#parts;
    const change = { amount: -ask.unused, day: ask.day ?? dayOf(this.#parts.clock.now()) };
    if (shared === undefined) return this.#alone(tenant, ask.want, change);
    return this.#away
      ? this.#share(tenant, ask.want, change)
      : this.#together(shared, tenant, ask.want, change);
  }

  /** Used of today's quotas, as far as this node knows. */
  used(): { readonly tenant: string; readonly day: number; readonly used: number }[] {
    const alone = this.#parts.shared === undefined;
    return [...this.#pages].flatMap(([tenant, { account, known }]) => {
      const now = alone ? account.used : known;
      return now === undefined ? [] : [{ tenant, ...now }];
    });
  }

  /** Of today's quota, by everybody's account; by the last known where that can't be asked. */
  async usedToday(name: string): Promise<Known> {
    const { clock, shared, tenant: find } = this.#parts;
    const today = dayOf(clock.now());
    const tenant = find(name);
    const page = this.#pages.get(name);
    if (shared === undefined || tenant === undefined || this.#away)
      return here(shared === undefined ? page?.account.used : page && told(page), today);
    try {
      const { day, used } = await shared.take(name, limitsOf(tenant).limits, 0, { amount: 0, day: today });
      return { day, used };
    } catch {
      return here(page && told(page), today);
    }
  }

  /** What an earlier run of this node had used. */
  remember(tenant: string, known: Known): void {
    this.#pageOf(tenant).account.remember(known);
  }

  stop(): void {
    this.#stopped = true;
    this.#stopLooking();
  }

  #alone(tenant: Tenant, want: number, change: Change): Grant {
    const { limits, portion } = limitsOf(tenant);
    const at = momentOf(this.#parts.clock);
    return granted(this.#pageOf(tenant.name).account.take(limits, want, change, at), portion.forMs, at.now);
  }

  async #together(shared: SharedAccounts, tenant: Tenant, want: number, change: Change): Promise<Grant> {
    const { clock } = this.#parts;
    const { limits, portion } = limitsOf(tenant);
    const page = this.#pageOf(tenant.name);
    const today = dayOf(clock.now());
    const untold = page.day === today ? page.untold : 0;
    page.untold = 0;
    const amount = untold + (change.day === today ? change.amount : 0);
    try {
      const taken = await shared.take(
        tenant.name,
        limits,
        want,
        untold === 0 ? change : { amount, day: today },
      );
      page.known = { day: taken.day, used: taken.used };
      return granted(taken, portion.forMs, clock.now());
    } catch {
      page.untold += untold;
      this.#lost();
      return this.#share(tenant, want, change);
    }
  }

  /** Of an equal share: of the rate as it is, of the quota what was left of it when the others could last be asked. */
  #share(tenant: Tenant, want: number, change: Change): Grant {
    const { clock } = this.#parts;
    const at = momentOf(clock);
    const page = this.#pageOf(tenant.name);
    const today = dayOf(at.now);
    if (page.day !== today) Object.assign(page, { day: today, untold: 0 });
    if (change.day === today) page.untold += change.amount;
    const { limits, portion } = limitsOf(tenant);
    const nodes = this.#nodes();
    const before = page.known?.day === today ? page.known.used : 0;
    // The account counts this node's part alone; what was given back of earlier grants may have been anybody's.
    const quota =
      limits.quota === undefined ? undefined : Math.max(0, Math.floor((limits.quota - before) / nodes));
    const share = { ...shareOf(limits, nodes), ...(quota !== undefined && { quota }) };
    const taken = page.account.take(share, want, change, at);
    page.untold += taken.given;
    return granted(taken, portion.forMs, at.now);
  }

  #pageOf(tenant: string): Page {
    let page = this.#pages.get(tenant);
    if (page === undefined) {
      const at = momentOf(this.#parts.clock);
      page = { account: this.#newAccount(tenant, at), known: undefined, untold: 0, day: dayOf(at.now) };
      this.#pages.set(tenant, page);
    }
    return page;
  }

  /** Where others take from the same limit, their shares may begin in the same moment: together they have what one has. */
  #newAccount(name: string, at: Moment): Account {
    const { shared, tenant: find } = this.#parts;
    const tenant = find(name);
    if (shared === undefined || tenant === undefined) return new Account(at);
    return new Account(at, Math.floor(limitsOf(tenant).limits.capacity / this.#nodes()));
  }

  #nodes(): number {
    return Math.max(1, this.#parts.nodes?.() ?? 1);
  }

  #lost(): void {
    if (this.#away) return;
    this.#away = true;
    const at = momentOf(this.#parts.clock);
    for (const [tenant, page] of this.#pages) page.account = this.#newAccount(tenant, at);
    this.#parts.onChange?.(false);
    this.#lookLater();
  }

  #lookLater(): void {
    if (this.#stopped) return;
    const { clock } = this.#parts;
    this.#stopLooking = clock.after(LOOK_MS * (1 + clock.random() / 4), () => void this.#look());
  }

  /** Tells the shared accounts what was used meanwhile. What is used while they are told goes with the next question. */
  async #look(): Promise<void> {
    try {
      for (const [name, page] of this.#pages) await this.#tell(name, page);
    } catch {
      this.#lookLater();
      return;
    }
    this.#away = false;
    this.#parts.onChange?.(true);
  }

  async #tell(name: string, page: Page): Promise<void> {
    const { shared, tenant: find } = this.#parts;
    const tenant = find(name);
    if (tenant === undefined) return;
    const { untold: amount, day, known } = page;
    const taken = await shared!.take(name, limitsOf(tenant).limits, 0, { amount, day }, known);
    if (page.day === day) page.untold -= amount;
    page.known = { day: taken.day, used: taken.used };
  }
}

/** What was taken of a day's quota is of use until its end. */
function granted({ given, refused, waitMs, day }: Taken, forMs: number, now: number): Grant {
  if (refused !== undefined) return { given: 0, forMs: Math.max(1, waitMs), refused, day };
  return { given, forMs: Math.max(1, Math.min(forMs, endOf(day) - now)), day };
}

function told({ known, untold, day }: Page): Known {
  return known?.day === day ? { day, used: known.used + untold } : { day, used: untold };
}

function here(known: Known | undefined, today: number): Known {
  return known?.day === today ? known : { day: today, used: 0 };
}
