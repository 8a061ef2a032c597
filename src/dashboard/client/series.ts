import type { Result } from '../../cache/outcome.js';
import type { Rates, Sample } from '../wire.js';

/** Times in seconds, then one array per line: what uPlot takes. */
export type Columns = [number[], ...(number | null)[][]];

/** Samples further apart than this were not taken one after the other, ms. */
const GAP_MS = 7000;

/** Lines over time out of samples; between two that do not follow each other is a gap. */
export function columns(
  samples: readonly Sample[],
  pick: (sample: Sample) => readonly (number | null)[],
): Columns {
  const times: number[] = [];
  const lines: (number | null)[][] = [];
  let before = Number.NaN;
  for (const sample of samples) {
    const values = pick(sample);
    if (sample.at - before > GAP_MS)
      push(
        times,
        lines,
        before + 1000,
        values.map(() => null),
      );
    push(times, lines, sample.at, values);
    before = sample.at;
  }
  return [times, ...lines];
}

/** Each line on top of those before it. */
export function stacked([times, ...lines]: Columns): Columns {
  const sums: (number | null)[][] = [];
  for (const line of lines) {
    const below = sums.at(-1);
    sums.push(line.map((value, i) => (value === null ? null : value + (below?.[i] ?? 0))));
  }
  return [times, ...sums];
}

/** From 0 to a round number above the largest, with room. */
export function roundAbove(largest: number, least: number): number {
  const wanted = Math.max(largest * 1.1, least);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= wanted) ?? 10;
  return step * power;
}

/** All requests per second. */
export function total({ requests }: Rates): number {
  return (Object.keys(requests) as Result[]).reduce((sum, name) => sum + requests[name], 0);
}

function push(
  times: number[],
  lines: (number | null)[][],
  at: number,
  values: readonly (number | null)[],
): void {
  times.push(at / 1000);
  for (const [i, value] of values.entries()) {
    lines[i] ??= [];
    lines[i].push(value);
  }
}
