import type { CheckStatus } from '../../../admin/answers/health.js';
import { count, duration, ms, plural, rate } from '../../../figures.js';
import type { UpstreamStatus } from '../../../origin/status.js';
import type { HotKey } from '../../../warm/job.js';
import { byId, h, put } from '../dom.js';
import type { Store } from '../store.js';
import { empty, keyLink, type Mood, pill, SERVER_MOODS, table } from '../widgets.js';
import { Charts } from './charts.js';
import { renderTiles } from './tiles.js';

const CHECK_MOODS: Readonly<Record<CheckStatus, Mood>> = {
  ok: 'good',
  degraded: 'warn',
  failed: 'bad',
  off: 'off',
};
const CHECK_NAMES = { upstream: 'Origin', l1: 'Memory', l2: 'L2', bus: 'Other nodes' };
const BREAKER_MOODS = { closed: 'good', half_open: 'warn', open: 'bad' } as const;

/** Everything at a glance. */
export function overview(store: Store): () => void {
  const charts = new Charts(byId('view-overview'));
  return () => {
    renderTiles(store);
    charts.render(store);
    renderPercentiles(store);
    renderChecks(store);
    renderUpstreams(store);
    renderRankings(store);
  };
}

function renderPercentiles({ latest }: Store): void {
  if (latest === undefined) return;
  const { l1, l2, origin } = latest.latency;
  const rows = [
    ['Memory', l1],
    ['L2', l2],
    ['Origin', origin],
  ] as const;
  put(
    'percentiles',
    table(
      'Latency by tier',
      [
        { title: 'Served from', cell: ([name]) => name },
        { title: 'p50', cell: ([, { p50 }]) => ms(p50), figure: true },
        { title: 'p95', cell: ([, { p95 }]) => ms(p95), figure: true },
        { title: 'p99', cell: ([, { p99 }]) => ms(p99), figure: true },
      ],
      rows,
    ),
  );
}

function renderChecks({ state: { health, info, stats } }: Store): void {
  if (health === undefined) return;
  const rows = Object.entries(CHECK_NAMES).map(([name, title]) => {
    const { status, detail } = health.checks[name as keyof typeof CHECK_NAMES];
    return { title, mood: CHECK_MOODS[status], status: status as string, detail };
  });
  const reason = info?.l2_cache.in_use_reason;
  if (reason != null)
    rows.push({ title: 'Fallback', mood: 'warn', status: info?.l2_cache.in_use ?? '', detail: reason });
  const feed = stats?.change_feed;
  if (feed != null) {
    const lag = feed.lag_ms === null ? 'not read yet' : `read ${duration(feed.lag_ms / 1000)} ago`;
    const why = feed.healthy ? lag : (feed.reason ?? lag);
    rows.push({
      title: 'Change feed',
      mood: feed.healthy ? 'good' : 'warn',
      status: feed.healthy ? 'ok' : 'behind',
      detail: why,
    });
  }
  const items = rows.map(({ title, mood, status, detail }) =>
    h('li', {}, h('b', {}, title), pill(status, mood), h('span', { class: 'dim' }, detail)),
  );
  put('checks', h('ul', { class: 'checks' }, ...items));
}

function renderUpstreams({ state: { upstreams } }: Store): void {
  if (upstreams === undefined) return;
  const figure = true;
  put(
    'upstreams',
    table<UpstreamStatus>(
      'Origin servers',
      [
        {
          title: 'Server',
          cell: (row) =>
            h('span', { class: 'host' }, row.url, ' ', h('small', { class: 'dim' }, row.upstream)),
        },
        { title: 'State', cell: (row) => pill(row.status, SERVER_MOODS[row.status]) },
        { title: 'Breaker', cell: (row) => pill(row.breaker.replace('_', ' '), BREAKER_MOODS[row.breaker]) },
        { title: 'In flight', cell: (row) => `${row.in_flight} of ${row.max_connections}`, figure },
        { title: 'Budget left', cell: budgetText, figure },
        { title: 'Waiting', cell: (row) => count(row.queued + waiting(row)), figure },
        { title: 'p50 / p95', cell: (row) => `${ms(row.p50_ms)} / ${ms(row.p95_ms)}`, figure },
        { title: 'Failed', cell: (row) => `${count(row.errors)} of ${count(row.requests)}`, figure },
        { title: 'Last trouble', cell: lastTrouble },
      ],
      upstreams.upstreams,
    ),
  );
}

function budgetText({ budget, shared_budget: shared }: UpstreamStatus): string {
  if (budget.rate === null || budget.tokens === null) return 'no bound';
  const nodes = shared?.shared ? `, ${plural(shared.nodes, 'node', 'nodes')}` : '';
  return `${count(Math.max(0, Math.floor(budget.tokens)))} of ${count(budget.burst ?? budget.rate)}, ${rate(budget.rate)}/s${nodes}`;
}

function waiting({ budget: { queued } }: UpstreamStatus): number {
  return queued.user + queued.refresh + queued.background;
}

function lastTrouble({
  last_error,
  last_error_at,
  rate_limited_until: until,
}: UpstreamStatus): HTMLElement | string {
  if (until !== null) return pill(`429, waits until ${clock(until)}`, 'warn');
  if (last_error === null || last_error_at === null) return 'none';
  return h('span', { class: 'dim' }, `${clock(last_error_at)} ${last_error}`);
}

function clock(iso: string): string {
  return new Date(iso).toLocaleTimeString(undefined, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
}

function renderRankings({ state: { hot } }: Store): void {
  if (hot === undefined) return;
  const { hits, misses } = hot;
  if (hits === null) put('top-hits', empty('Nobody counts: WARM_TOP_KEYS is 0.'));
  else if (hits.length === 0) put('top-hits', empty('No hits counted yet. About one in 16 is.'));
  else put('top-hits', ranking('hit', hits));
  put('top-misses', misses.length === 0 ? empty('No misses yet.') : ranking('miss', misses));
}

function ranking(of: 'hit' | 'miss', rows: readonly HotKey[]): HTMLElement {
  const most = rows[0]?.hits ?? 1;
  const items = rows
    .slice(0, 10)
    .map(({ key, hits }) =>
      h('li', { '--part': hits / most }, keyLink(key, `${of}-${key}`), h('b', {}, count(hits))),
    );
  return h('ol', { class: 'ranking' }, ...items);
}
