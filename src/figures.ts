// Figures as people read them: on the command line, on the dashboard, in messages.

/** What stands for a figure there is none of. */
export const NONE = '–';

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** So many digits after the point at most. */
function trimmed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}

/** `12,345` */
export function count(value: number): string {
  return WHOLE.format(value);
}

/** One thing or several: `1 worker`, `2 workers`; `many` where it takes more than an s. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Of something per second: `0`, `0.4`, `12.3`, `340`, `12.3k` */
export function rate(value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(value >= 100_000 ? 0 : 1)}k`;
  if (value >= 100 || value === 0) return count(value);
  return value < 0.05 ? '<0.1' : trimmed(value, 1);
}

/** 0 to 1 as `97.3 %`; `100 %` only when it is all. */
export function percent(part: number | null): string {
  if (part === null) return NONE;
  const hundredths = part >= 1 ? 100 : Math.min(99.9, part * 100);
  return `${trimmed(hundredths, 1)} %`;
}

/** Milliseconds with two or three digits: `0.42 ms`, `4.2 ms`, `123 ms`, `1.2 s` */
export function ms(value: number | null): string {
  if (value === null) return NONE;
  if (value >= 1000) return `${trimmed(value / 1000, value >= 10_000 ? 0 : 1)} s`;
  return `${trimmed(value, value >= 100 ? 0 : value >= 10 ? 1 : 2)} ms`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `512 B`, `4.2 KiB`, `10 GiB` */
export function bytes(value: number): string {
  let unit = 0;
  let left = value;
  while (left >= 1024 && unit < UNITS.length - 1) {
    left /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || left >= 100 || Number.isInteger(left) ? 0 : 1;
  return `${left.toFixed(digits)} ${UNITS[unit]}`;
}

const STEPS = [
  [86_400, 'd', 3600, 'h'],
  [3600, 'h', 60, 'min'],
  [60, 'min', 1, 's'],
] as const;

/** Seconds as `2 d 3 h`, `5 min`, `12 s`; of negative ones how long ago it was is up to the caller. */
export function duration(seconds: number): string {
  const whole = Math.abs(seconds);
  for (const [size, unit, smaller, name] of STEPS) {
    if (whole < size) continue;
    const rest = Math.floor((whole % size) / smaller);
    return `${Math.floor(whole / size)} ${unit}${rest > 0 && whole < size * 10 ? ` ${rest} ${name}` : ''}`;
  }
  return `${whole < 10 && !Number.isInteger(whole) ? whole.toFixed(1) : Math.floor(whole)} s`;
}
