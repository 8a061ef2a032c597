import type { SharedRoute } from '../cache/site.js';
import { ProxyError } from '../errors.js';
import type { RawHeaders } from '../http/headers.js';
import { Memo } from '../memo.js';
import { ownText } from '../tiers/compact.js';
import type { Territory } from './app.js';
import type { Caller, ServerSettings } from './settings.js';

/** Bound of the targets remembered with their routes, in characters and some. */
const TARGET_CHARS = 8 * 1024 * 1024;
/** Routes remembered of one target: clients differ in what the site reads of them. */
const PLANS = 4;

/** A request of this target and these deciding fields. `undefined` route: the ordinary path's. */
export interface Plan {
  readonly deciding: readonly string[];
  readonly route: SharedRoute | undefined;
  /** Who asks, by the keys of that time. */
  readonly caller: Caller | undefined;
  /** Of the gate and the site by which it was made. */
  readonly versions: Versions;
}

interface Versions {
  readonly gate: number;
  readonly site: number;
}

/**
 * What the fast path is asked for and by whom, remembered by target and deciding fields: results of pure functions of the site's and
 * the gate's, thrown away when one of those changes.
 */
export class Plans {
  readonly #settings: ServerSettings;
  readonly #territory: Territory;
  readonly #known = new Memo<readonly Plan[]>(TARGET_CHARS, planCost);
  #versions: Versions = { gate: 0, site: 0 };

  constructor(settings: ServerSettings, territory: Territory) {
    this.#settings = settings;
    this.#territory = territory;
  }

  /** @param deciding fields on which route or variant may depend, in order */
  of(target: string, deciding: readonly string[]): Plan {
    const versions = this.#versionsNow();
    const known = this.#known.get(target) ?? [];
    for (const plan of known) if (plan.versions === versions && same(plan.deciding, deciding)) return plan;
    const plan = { deciding, versions, ...this.#judged(ownText(target), deciding) };
    const valid = known.filter((other) => other.versions === versions);
    this.#known.set(ownText(target), [...valid.slice(1 - PLANS), plan]);
    return plan;
  }

  /** The same object while nothing has changed. */
  #versionsNow(): Versions {
    const { gate, site } = this.#settings;
    const [ofGate, ofSite] = [gate?.version ?? 0, site.version ?? 0];
    const known = this.#versions;
    if (known.gate !== ofGate || known.site !== ofSite) this.#versions = { gate: ofGate, site: ofSite };
    return this.#versions;
  }

  /** Who asks and for what; no route where clients have keys and this is none. */
  #judged(target: string, headers: readonly string[]): Pick<Plan, 'route' | 'caller'> {
    const { gate, clock } = this.#settings;
    if (gate === undefined) return { route: this.#route(target, headers), caller: undefined };
    const caller = gate.identify({ target, headers }, clock.now());
    if (caller instanceof ProxyError) return { route: undefined, caller: undefined };
    return { route: this.#route(caller.target, caller.headers), caller };
  }

  /** As app.ts and the engine read it; undefined for whatever is not a shared answer of the site's. */
  #route(target: string, headers: RawHeaders): SharedRoute | undefined {
    const territory = this.#territory;
    const { site, rewriter } = this.#settings;
    const path = territory.canonicalPath(target.split('?', 1)[0]!);
    if (typeof path !== 'string' || territory.owns(path, 'GET') || !territory.proxied(path)) return undefined;
    const route = site.route({ method: 'GET', target, headers });
    if (route.kind !== 'shared' || route.range !== undefined || route.forProxy === true) return undefined;
    return rewriter?.touches(route) === true ? undefined : route;
  }
}

function planCost(target: string, plans: readonly Plan[]): number {
  const texts = plans.reduce(
    (sum, { deciding, caller }) => sum + deciding.join('').length + (caller?.target.length ?? 0),
    0,
  );
  return plans.length * (1024 + target.length) + texts;
}

function same(a: readonly string[], b: readonly string[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
