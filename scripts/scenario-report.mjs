// How a scenario's report looks: one line for each field, names and numbers aligned, what was promised behind it.

/** Units that the name of a field ends in. */
const UNITS = { _ms: 'ms', _s: 's', _bytes: 'bytes', _percent: '%' };

function lineOf([name, field]) {
  const { value, unit, ok, bound } = typeof field === 'object' && field !== null ? field : { value: field };
  const ending = Object.keys(UNITS).find((suffix) => name.endsWith(suffix));
  const inferred = unit === undefined && typeof value === 'number' && ending !== undefined;
  return {
    name: (inferred ? name.slice(0, -ending.length) : name).replaceAll('_', ' '),
    value: shown(value),
    unit: inferred ? UNITS[ending] : (unit ?? ''),
    verdict: ok === undefined ? '' : ok ? 'ok' : 'FAILED',
    bound: bound === undefined ? '' : `(${bound})`,
  };
}

function shown(value) {
  if (typeof value === 'number') return value.toLocaleString('en-US', { maximumFractionDigits: 2 });
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
}

/** Prints one report, `{name, fields}` or the fields alone, and returns whether no field failed. */
export function printReport(report) {
  const fields = report.fields ?? report;
  const lines = Object.entries(fields).map(lineOf);
  const width = (column) => Math.max(0, ...lines.map((line) => line[column].length));
  const [names, values, units, verdicts] = ['name', 'value', 'unit', 'verdict'].map(width);
  if (report.fields !== undefined) console.log(`  ${report.name}`);
  for (const { name, value, unit, verdict, bound } of lines) {
    const text = [
      name.padEnd(names),
      value.padStart(values),
      unit.padEnd(units),
      verdict.padEnd(verdicts),
      bound,
    ];
    console.log(`    ${text.join('  ')}`.trimEnd());
  }
  return !lines.some(({ verdict }) => verdict === 'FAILED');
}
