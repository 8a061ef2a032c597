import uPlot from 'uplot';
import { colour, onTheme } from './colours.js';
import { fill, h, within } from './dom.js';
import { type Columns, roundAbove, stacked } from './series.js';

export interface Line {
  readonly label: string;
  /** Name of a colour in the style sheet. */
  readonly colour: string;
  readonly dashed?: boolean;
}

export interface ChartOptions {
  readonly lines: readonly Line[];
  /** Lines lie on top of each other, filled. */
  readonly stacked?: boolean;
  /** Logarithmic, for what spans magnitudes. */
  readonly log?: boolean;
  /** Upper end of the axis; default: a round number above the values, at least `least`. */
  readonly max?: number;
  readonly least?: number;
  readonly print: (value: number | null) => string;
}

const HEIGHT = 200;
/** The time that is shown, s; a new page shows two minutes first. */
const LONGEST_S = 600;
const SHORTEST_S = 120;
const FONT = '11px system-ui, sans-serif';
/** Opacity of what is filled, after a colour of six digits. */
const FILL = 'd0';

/** Lines over the last ten minutes, with a legend that shows the values under the pointer, else the latest. */
export class Chart {
  readonly #options: ChartOptions;
  readonly #plot: HTMLElement;
  readonly #values: HTMLElement[];
  #uplot: uPlot | undefined;
  #columns: Columns = [[]];

  constructor(card: HTMLElement, options: ChartOptions) {
    this.#options = options;
    this.#plot = within(card, '.plot');
    const items = options.lines.map((line) => {
      const value = h('b');
      const swatch = h('i', {
        class: line.dashed ? 'swatch dashed' : 'swatch',
        '--swatch': `var(--${line.colour})`,
      });
      return { value, item: h('li', {}, swatch, line.label, ' ', value) };
    });
    this.#values = items.map(({ value }) => value);
    fill(within(card, '.legend'), ...items.map(({ item }) => item));
    new ResizeObserver(() => this.#resize()).observe(this.#plot);
    onTheme(() => this.#uplot?.redraw(false, true));
  }

  set(columns: Columns): void {
    this.#columns = columns;
    if (columns[0].length < 2) return;
    const drawn = this.#options.stacked ? stacked(columns) : columns;
    if (this.#uplot === undefined) this.#uplot = this.#make(drawn);
    else this.#uplot.setData(drawn as uPlot.AlignedData);
    this.#show(this.#uplot.cursor.idx ?? null);
  }

  #make(data: Columns): uPlot {
    fill(this.#plot);
    return new uPlot(this.#uplotOptions(), data as uPlot.AlignedData, this.#plot);
  }

  #resize(): void {
    const width = this.#plot.clientWidth;
    if (width > 0 && this.#uplot !== undefined && this.#uplot.width !== width)
      this.#uplot.setSize({ width, height: HEIGHT });
  }

  /** @param at index of a time, or the latest */
  #show(at: number | null): void {
    const [times, ...lines] = this.#columns;
    const i = at ?? times.length - 1;
    for (const [n, value] of this.#values.entries())
      value.textContent = this.#options.print(lines[n]?.[i] ?? null);
    this.#plot.setAttribute('aria-label', this.#spoken(lines, times.length - 1));
  }

  #spoken(lines: readonly (readonly (number | null)[])[], i: number): string {
    const { lines: named, print } = this.#options;
    return named.map(({ label }, n) => `${label} ${print(lines[n]?.[i] ?? null)}`).join(', ');
  }

  #uplotOptions(): uPlot.Options {
    const { lines, log = false } = this.#options;
    return {
      width: Math.max(200, this.#plot.clientWidth),
      height: HEIGHT,
      padding: [8, 22, 0, 0],
      legend: { show: false },
      cursor: {
        sync: { key: 'dashboard' },
        drag: { x: false, y: false, setScale: false },
        y: false,
        points: { size: 7 },
      },
      scales: {
        x: {
          time: true,
          range: (_, min, max) => [Math.max(max - LONGEST_S, Math.min(min, max - SHORTEST_S)), max],
        },
        y: log ? { distr: 3, log: 10 } : { range: (_, __, max) => [0, this.#top(max)] },
      },
      series: [{}, ...lines.map((line) => this.#series(line))],
      ...(this.#options.stacked && {
        bands: lines.slice(1).map((_, i) => ({ series: [i + 2, i + 1] as [number, number] })),
      }),
      axes: this.#axes(log),
      hooks: { setCursor: [(uplot) => this.#show(uplot.cursor.idx ?? null)] },
    };
  }

  #top(largest: number | null): number {
    return this.#options.max ?? roundAbove(largest ?? 0, this.#options.least ?? 1);
  }

  #series({ label, colour: name, dashed }: Line): uPlot.Series {
    return {
      label,
      // What is zero would still draw a line over those below it.
      ...(this.#options.stacked ? { width: 0 } : { stroke: () => colour(name), width: 1.75 }),
      points: { show: false },
      ...(dashed && { dash: [5, 4] }),
      ...(this.#options.stacked && { fill: () => `${colour(name)}${FILL}` }),
    };
  }

  #axes(log: boolean): uPlot.Axis[] {
    const common = {
      font: FONT,
      stroke: () => colour('dim'),
      grid: { stroke: () => colour('grid'), width: 1, ...(log && { filter: decades }) },
      ticks: { show: false },
    };
    const print = (value: number | null) => (value === null ? '' : this.#options.print(value));
    return [
      { ...common, size: 26, space: 70, values: '{HH}:{mm}', grid: { show: false } },
      {
        ...common,
        size: 58,
        space: 34,
        values: (_, splits) => splits.map(print),
        ...(log && { filter: decades }),
      },
    ];
  }
}

/** On a logarithmic axis only 1, 10, 100 are written. */
function decades(_: uPlot, splits: number[]): (number | null)[] {
  return splits.map((value) => (Math.abs(Math.log10(value) % 1) < 1e-9 ? value : null));
}
