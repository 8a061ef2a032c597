/** One sample of Prometheus' text format. */
export interface Exposed {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Exposition {
  /** Type by name, also of metrics without a sample. */
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly Exposed[];
  /** Sum of the values of a name, of those series whose labels are so. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

/** Reads what `/metrics` answers. Throws on a line that is none of the format. */
export function readExposition(text: string): Exposition {
  const types = new Map<string, string>();
  const samples: Exposed[] = [];
  for (const line of text.split('\n')) {
    const [, typed, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (typed !== undefined && type !== undefined) types.set(typed, type);
    if (line === '' || line.startsWith('#')) continue;
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined) throw new Error(`not of the format: ${line}`);
    samples.push({
      name,
      labels: Object.fromEntries([...labels.matchAll(LABEL)].map(([, key, text]) => [key, text])),
      value: value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value),
    });
  }
  const sum = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    samples
      .filter((each) => each.name === name)
      .filter((each) => Object.entries(labels).every(([key, text]) => each.labels[key] === text))
      .reduce((total, { value }) => total + value, 0);
  return { types, samples, sum };
}
