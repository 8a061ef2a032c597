/**
 * Evaluates the part of PromQL that the alerts use over series given as functions of time, so that a rule can be seen to fire and
 * not to fire. Throws on whatever it does not know. Rates are per second between first and last sample; Prometheus' extrapolation
 * to the window's edges is left out, since no threshold hangs on it.
 */

export type Labels = Readonly<Record<string, string>>;
export interface Series {
  readonly name: string;
  readonly labels: Labels;
  /** At so many seconds; undefined: there was no such sample. */
  readonly at: (seconds: number) => number | undefined;
}
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

const SCRAPE_SECONDS = 15;
/** How often rules are looked at. */
const RULE_SECONDS = 60;
/** How long an instant query goes back. */
const LOOKBACK_SECONDS = 300;
const TOKEN =
  /"(?:[^"\\]|\\.)*"|\[\d+[smh]\]|[a-zA-Z_:][a-zA-Z0-9_:]*|\d+(?:\.\d+)?|[=!]~|[=!<>]=|[-+*/<>(){},=]/g;
const STRENGTH: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '*': 5,
  '/': 5,
  '+': 4,
  '-': 4,
};
const COMPARE = new Set(['<', '>', '<=', '>=', '==', '!=']);
const RANGED = new Set(['rate', 'increase', 'changes', 'min_over_time', 'max_over_time']);
const AGGREGATE = new Set(['sum', 'min', 'max', 'count']);

type Value = number | Sample[];

export function seconds(duration: string): number {
  const [, digits, unit] = /^(\d+)([smh])$/.exec(duration) ?? [];
  if (digits === undefined) throw new Error(`no duration: ${duration}`);
  return Number(digits) * { s: 1, m: 60, h: 3600 }[unit as 's' | 'm' | 'h'];
}

/** What a query answers at a time. */
export function evaluate(expression: string, series: readonly Series[], at: number): Sample[] {
  const value = new Query(expression, series, at).whole();
  if (typeof value === 'number') throw new Error(`a number, no vector: ${expression}`);
  return value;
}

/** Labels of the alerts that fire at the end of so long: those whose query held for the time it must. */
export function firing(
  rule: { readonly expr: string; readonly for: string },
  series: readonly Series[],
  duration: number,
): Labels[] {
  const since = new Map<string, { labels: Labels; from: number }>();
  for (let now = 0; now <= duration; now += RULE_SECONDS) {
    const held = new Map(evaluate(rule.expr, series, now).map(({ labels }) => [idOf(labels), labels]));
    for (const id of since.keys()) if (!held.has(id)) since.delete(id);
    for (const [id, labels] of held) if (!since.has(id)) since.set(id, { labels, from: now });
  }
  const wait = seconds(rule.for);
  return [...since.values()].filter(({ from }) => duration - from >= wait).map(({ labels }) => labels);
}

class Query {
  readonly #tokens: readonly string[];
  readonly #series: readonly Series[];
  readonly #now: number;
  #place = 0;

  constructor(expression: string, series: readonly Series[], now: number) {
    this.#tokens = expression.match(TOKEN) ?? [];
    if (this.#tokens.join('') !== expression.replace(/\s/g, '')) throw new Error(`unknown: ${expression}`);
    this.#series = series;
    this.#now = now;
  }

  whole(): Value {
    const value = this.#expression(0);
    if (this.#place < this.#tokens.length) throw new Error(`not understood from ${this.#peek()}`);
    return value;
  }

  #peek(): string {
    return this.#tokens[this.#place] ?? '';
  }

  #next(expected?: string): string {
    const token = this.#peek();
    if (expected !== undefined && token !== expected) throw new Error(`${token} in place of ${expected}`);
    this.#place += 1;
    return token;
  }

  #expression(least: number): Value {
    let left = this.#operand();
    for (;;) {
      const operator = this.#peek();
      const strength = COMPARE.has(operator) ? 3 : (STRENGTH[operator] ?? 0);
      if (strength <= least) return left;
      this.#next();
      const on = this.#list('on');
      left = binary(operator, left, this.#expression(strength), on);
    }
  }

  #operand(): Value {
    const token = this.#next();
    if (token === '(') {
      const value = this.#expression(0);
      this.#next(')');
      return value;
    }
    if (/^\d/.test(token)) return Number(token);
    if (AGGREGATE.has(token)) return this.#aggregate(token);
    if (this.#peek() !== '(') return this.#selected(token).flatMap((one) => instant(one, this.#now));
    this.#next('(');
    const value = this.#call(token);
    this.#next(')');
    return value;
  }

  #call(name: string): Value {
    if (RANGED.has(name)) {
      const selected = this.#selected(this.#next());
      const window = seconds(this.#next().slice(1, -1));
      return selected.flatMap(({ labels, at }) => {
        const value = overTime(name, samplesOf(at, this.#now, window), window);
        return value === undefined ? [] : [{ labels, value }];
      });
    }
    if (name === 'absent') {
      const of = vector(this.#expression(0));
      return of.length === 0 ? [{ labels: {}, value: 1 }] : [];
    }
    if (name === 'histogram_quantile') {
      const q = Number(this.#next());
      this.#next(',');
      return quantiles(q, vector(this.#expression(0)));
    }
    throw new Error(`unknown function ${name}`);
  }

  #aggregate(name: string): Sample[] {
    let by: string[] = this.#list('by') ?? [];
    this.#next('(');
    const samples = vector(this.#expression(0));
    this.#next(')');
    by = this.#list('by') ?? by;
    return grouped(samples, by).map(({ labels, values }) => ({ labels, value: folded(name, values) }));
  }

  /** What follows this word, if it comes next. */
  #list(word: 'by' | 'on'): string[] | undefined {
    if (this.#peek() !== word) return undefined;
    this.#next();
    return this.#names();
  }

  #names(): string[] {
    this.#next('(');
    const names: string[] = [];
    for (let token = this.#next(); token !== ')'; token = this.#next()) if (token !== ',') names.push(token);
    return names;
  }

  #selected(name: string): Series[] {
    const tests: ((labels: Labels) => boolean)[] = [];
    if (this.#peek() === '{') {
      this.#next();
      while (this.#peek() !== '}') {
        const [label, operator, quoted] = [this.#next(), this.#next(), this.#next()];
        const wanted = JSON.parse(quoted) as string;
        const pattern = new RegExp(`^(?:${wanted})$`);
        const matches = (value: string) => (operator.endsWith('~') ? pattern.test(value) : value === wanted);
        tests.push((labels) => matches(labels[label] ?? '') === !operator.startsWith('!'));
        if (this.#peek() === ',') this.#next();
      }
      this.#next('}');
    }
    return this.#series.filter((one) => one.name === name && tests.every((test) => test(one.labels)));
  }
}

function vector(value: Value): Sample[] {
  if (typeof value === 'number') throw new Error('a vector was expected');
  return value;
}

function instant({ labels, at }: Series, now: number): Sample[] {
  const value = samplesOf(at, now, LOOKBACK_SECONDS).at(-1);
  return value === undefined ? [] : [{ labels, value }];
}

/** Scrapes begin at 0. */
function samplesOf(at: Series['at'], now: number, window: number): number[] {
  const values: number[] = [];
  const first = Math.max(0, Math.floor((now - window) / SCRAPE_SECONDS + 1) * SCRAPE_SECONDS);
  for (let time = first; time <= now; time += SCRAPE_SECONDS) {
    const value = at(time);
    if (value !== undefined) values.push(value);
  }
  return values;
}

function overTime(name: string, values: readonly number[], window: number): number | undefined {
  if (name === 'min_over_time') return values.length === 0 ? undefined : Math.min(...values);
  if (name === 'max_over_time') return values.length === 0 ? undefined : Math.max(...values);
  const steps = values.slice(1).map((value, i) => [values[i]!, value] as const);
  if (name === 'changes') return values.length === 0 ? undefined : steps.filter(([a, b]) => a !== b).length;
  if (steps.length === 0) return undefined;
  // A counter that went back began again at 0.
  const grown = steps.reduce((sum, [a, b]) => sum + (b < a ? b : b - a), 0);
  const perSecond = grown / (steps.length * SCRAPE_SECONDS);
  return name === 'rate' ? perSecond : perSecond * window;
}

function grouped(samples: readonly Sample[], by: readonly string[]) {
  const groups = new Map<string, { labels: Labels; values: number[] }>();
  for (const { labels, value } of samples) {
    const kept = picked(labels, by);
    const group = groups.get(idOf(kept)) ?? { labels: kept, values: [] };
    group.values.push(value);
    groups.set(idOf(kept), group);
  }
  return [...groups.values()];
}

function folded(name: string, values: readonly number[]): number {
  if (name === 'min') return Math.min(...values);
  if (name === 'max') return Math.max(...values);
  return name === 'count' ? values.length : values.reduce((sum, value) => sum + value, 0);
}

function quantiles(q: number, samples: readonly Sample[]): Sample[] {
  const groups = new Map<string, { labels: Labels; buckets: { le: number; count: number }[] }>();
  for (const { labels, value } of samples) {
    const { le = '', ...rest } = labels;
    const group = groups.get(idOf(rest)) ?? { labels: rest, buckets: [] };
    group.buckets.push({ le: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), count: value });
    groups.set(idOf(rest), group);
  }
  return [...groups.values()].map(({ labels, buckets }) => {
    buckets.sort((a, b) => a.le - b.le);
    const rank = q * (buckets.at(-1)?.count ?? 0);
    const i = buckets.findIndex(({ count }) => count >= rank);
    const [below, here] = [buckets[i - 1] ?? { le: 0, count: 0 }, buckets[i]!];
    if (rank === 0) return { labels, value: Number.NaN };
    if (here.le === Number.POSITIVE_INFINITY) return { labels, value: below.le };
    const share = (rank - below.count) / (here.count - below.count);
    return { labels, value: below.le + (here.le - below.le) * share };
  });
}

function binary(operator: string, left: Value, right: Value, on: readonly string[] | undefined): Value {
  if (typeof left === 'number' && typeof right === 'number') return arithmetic(operator, left, right)!;
  if (typeof left === 'number') throw new Error('a number on the left');
  const idFor = ({ labels }: Sample) => idOf(on === undefined ? labels : picked(labels, on));
  if (typeof right === 'number') return left.flatMap((one) => applied(operator, one, right));
  const found = new Map(right.map((one) => [idFor(one), one]));
  if (operator === 'and') return left.filter((one) => found.has(idFor(one)));
  if (operator === 'unless') return left.filter((one) => !found.has(idFor(one)));
  if (operator === 'or') throw new Error('unknown operator or');
  // As Prometheus does: it fails the rule.
  if (found.size < right.length || new Set(left.map(idFor)).size < left.length)
    throw new Error(`many-to-many matching with ${operator}`);
  return left.flatMap((one) => {
    const other = found.get(idFor(one));
    return other === undefined ? [] : applied(operator, one, other.value);
  });
}

function applied(operator: string, { labels, value }: Sample, right: number): Sample[] {
  const result = arithmetic(operator, value, right);
  return result === undefined ? [] : [{ labels, value: result }];
}

/** Undefined: a comparison that does not hold. */
function arithmetic(operator: string, a: number, b: number): number | undefined {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '<':
      return a < b ? a : undefined;
    case '>':
      return a > b ? a : undefined;
    case '<=':
      return a <= b ? a : undefined;
    case '>=':
      return a >= b ? a : undefined;
    case '==':
      return a === b ? a : undefined;
    case '!=':
      return a !== b ? a : undefined;
    default:
      throw new Error(`unknown operator ${operator}`);
  }
}

function picked(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(names.flatMap((name) => (name in labels ? [[name, labels[name]!]] : [])));
}

function idOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
