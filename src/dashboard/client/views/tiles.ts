import { RESULTS } from '../../../cache/outcome.js';
import { bytes, count, ms, NONE, percent, plural, rate } from '../../../figures.js';
import type { Rates } from '../../wire.js';
import { byId, type Child, fill, say, within } from '../dom.js';
import { total } from '../series.js';
import type { Store } from '../store.js';
import { type Mood, meter, shares } from '../widgets.js';

/** Above this share of the budget others wait. */
const BUSY = 0.8;

/** The figures at the top of the overview. */
export function renderTiles(store: Store): void {
  const { latest, state } = store;
  if (latest === undefined) return;
  requests(latest, state.stats?.requests.total);
  const { all, l1, l2 } = latest.hit_rate;
  tile(
    'cached',
    all === null ? NONE : percent(all),
    `L1 ${percent(l1)}, L2 ${percent(l2)}`,
    meter(all ?? 0, 'From cache'),
  );
  const { latency } = latest;
  tile('latency', ms(latency.l1.p95), `memory; L2 ${ms(latency.l2.p95)}, origin ${ms(latency.origin.p95)}`);
  origin(latest, budgetOf(store));
  const { entries, bytes: used, max_bytes: bound } = latest.l1;
  tile(
    'memory',
    bytes(used),
    `of ${bytes(bound)}, ${plural(entries, 'entry', 'entries')}`,
    filling(used, bound),
  );
  l2Tile(store, latest);
}

function requests(latest: Rates, sinceStart: number | undefined): void {
  const parts = RESULTS.map((name) => ({ colour: name, size: latest.requests[name] }));
  const said = RESULTS.map((name) => `${name} ${rate(latest.requests[name])}`).join(', ');
  const sub = sinceStart === undefined ? '\u00a0' : `${count(sinceStart)} since the start, this node`;
  tile('requests', `${rate(total(latest))} /s`, sub, shares(said, parts));
}

function origin({ origin: { requests, budgeted, errors, in_flight } }: Rates, budget: number | null): void {
  const failing = errors >= 0.05 ? `, ${rate(errors)}/s fail` : '';
  const of = budget === null ? 'no bound on the rate' : `budget: ${rate(budgeted)} of ${rate(budget)}/s`;
  const used = budget === null || budget === 0 ? 0 : budgeted / budget;
  const mood: Mood = errors >= 0.05 ? 'bad' : used > BUSY ? 'warn' : 'good';
  tile(
    'origin',
    `${rate(requests)} /s`,
    `${of}, ${in_flight} in flight${failing}`,
    meter(used, 'Budget in use', mood),
  );
}

function l2Tile({ state, scope }: Store, latest: Rates): void {
  const { entries, bytes: used, max_bytes: bound } = latest.l2;
  const info = state.info?.l2_cache;
  const inUse = info?.in_use ?? 'none';
  const name = inUse === 'redis' ? 'Redis' : inUse === 'disk' ? 'disk' : 'none in use';
  const of = bound > 0 ? `of ${bytes(bound)}, ` : '';
  const fallen = info !== undefined && info.in_use !== info.type;
  // Redis counts what nodes keep beside entries, too.
  const held = inUse === 'redis' ? plural(entries, 'key', 'keys') : plural(entries, 'entry', 'entries');
  const sub = `${name}${scope === 'node' && fallen ? ' for Redis' : ''}, ${of}${held}`;
  tile('l2', bytes(used), sub, bound > 0 && filling(used, bound));
}

/** A store that is full is in order: it drops what is of least use. */
function filling(used: number, bound: number): HTMLElement {
  return meter(bound === 0 ? 0 : used / bound, 'Of its bound');
}

/** Requests per second that the origin's groups may be asked together; null without a bound. */
export function budgetOf({ state }: Store): number | null {
  const groups = new Map(state.upstreams?.upstreams.map(({ upstream, budget }) => [upstream, budget.rate]));
  const rates = [...groups.values()].filter((value) => value !== null);
  return rates.length === 0 ? null : rates.reduce((sum, value) => sum + value, 0);
}

function tile(name: string, value: string, sub: string, foot?: Child): void {
  const card = byId(`tile-${name}`);
  say(within(card, '.value'), value);
  say(within(card, '.sub'), sub);
  fill(within(card, '.foot'), foot);
}
