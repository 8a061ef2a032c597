import { RESULTS } from '../../../cache/outcome.js';
import { ms, NONE, percent, rate } from '../../../figures.js';
import { Chart, type ChartOptions } from '../chart.js';
import { within } from '../dom.js';
import { columns } from '../series.js';
import type { Store } from '../store.js';
import { budgetOf } from './tiles.js';

const print = (value: number | null) => (value === null ? NONE : rate(value));

const OPTIONS = {
  requests: {
    lines: RESULTS.map((name) => ({ label: name, colour: name })),
    stacked: true,
    print,
  },
  'hit-rate': {
    lines: [
      { label: 'all', colour: 'all' },
      { label: 'L1', colour: 'l1' },
      { label: 'L2', colour: 'l2' },
    ],
    max: 1,
    print: percent,
  },
  latency: {
    lines: [
      { label: 'L1', colour: 'l1' },
      { label: 'L2', colour: 'l2' },
      { label: 'origin', colour: 'origin' },
    ],
    log: true,
    print: ms,
  },
  origin: {
    lines: [
      { label: 'asked', colour: 'origin' },
      { label: 'failed', colour: 'error' },
      // Pictures are asked for without one.
      { label: 'within the budget', colour: 'miss' },
      { label: 'budget', colour: 'dim', dashed: true },
    ],
    print,
  },
} satisfies Record<string, ChartOptions>;

/** The curves of the overview. */
export class Charts {
  readonly #charts: { readonly [name in keyof typeof OPTIONS]: Chart };

  constructor(view: HTMLElement) {
    const chart = (name: keyof typeof OPTIONS) =>
      new Chart(within(view, `[data-chart="${name}"]`), OPTIONS[name]);
    this.#charts = {
      requests: chart('requests'),
      'hit-rate': chart('hit-rate'),
      latency: chart('latency'),
      origin: chart('origin'),
    };
  }

  render(store: Store): void {
    const { samples } = store;
    const budget = budgetOf(store);
    const { requests, latency, origin, 'hit-rate': hitRate } = this.#charts;
    requests.set(columns(samples, (sample) => RESULTS.map((name) => store.rates(sample).requests[name])));
    hitRate.set(
      columns(samples, (sample) => {
        const { all, l1, l2 } = store.rates(sample).hit_rate;
        return [all, l1, l2];
      }),
    );
    latency.set(
      columns(samples, (sample) => {
        const { l1, l2, origin } = store.rates(sample).latency;
        return [l1.p95, l2.p95, origin.p95];
      }),
    );
    origin.set(
      columns(samples, (sample) => {
        const { requests, budgeted, errors } = store.rates(sample).origin;
        return [requests, errors, budget === null ? null : budgeted, budget];
      }),
    );
  }
}
