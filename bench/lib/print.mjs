// Tables of a result, for terminals and documents alike.

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });
/** JSON has null for what could not be measured. */
const unknown = (value) => value === undefined || value === null || Number.isNaN(value);
const format = (value) => {
  if (unknown(value)) return '–';
  return typeof value === 'number' ? number.format(value).replaceAll(',', ' ') : String(value);
};
const share = (value) => (unknown(value) ? '–' : `${Math.round(value * 100)} %`);

/** @param {readonly string[]} columns @param {readonly (readonly (string | number)[])[]} rows @returns {string} Markdown */
export function table(columns, rows) {
  const lines = [columns, columns.map((_, at) => (at === 0 ? '---' : '---:')), ...rows];
  return lines.map((cells) => `| ${cells.map(format).join(' | ')} |`).join('\n');
}

/** @param {object} result as in bench/results @returns {string} Markdown: a table for each variant, then the goals */
export function printResult(result) {
  const parts = [];
  for (const variant of Object.values(result.variants))
    parts.push(`**${variant.title}** (${variant.tool})\n\n${variantTable(result, variant)}`);
  for (const { title, columns, rows } of result.tables) parts.push(`**${title}**\n\n${table(columns, rows)}`);
  if (result.goals.length > 0) parts.push(goalTable(result.goals));
  const facts = Object.entries(result.facts).filter(([, value]) => !unknown(value));
  if (facts.length > 0)
    parts.push(`Also found: ${facts.map(([name, value]) => `${name} ${format(value)}`).join(', ')}.`);
  parts.push(footnote(result));
  return parts.join('\n\n');
}

/** The median with its range; a dash where nothing could be compared. */
const range = (ratio) =>
  ratio ? `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)})` : '–';

/** @param {object} result @param {object} variant @returns {string} what tells most, for a reader in a hurry */
export function briefTable({ targets }, { summary, reference }) {
  const rows = Object.entries(summary).map(([name, { ratio, cpu }]) => [
    targets[name]?.title ?? name,
    range(ratio),
    cpu,
  ]);
  const against = targets[reference]?.title ?? reference;
  return table(['target', `requests/s, ratio to ${against}`, 'CPU µs/request'], rows);
}

/** @param {object} result @param {object} variant */
export function variantTable({ targets }, { summary, reference }) {
  const rows = Object.entries(summary).map(([name, { ratio, rate, cpu, busy, p50, p99, p999 }]) => [
    targets[name]?.title ?? name,
    range(ratio),
    cpu,
    share(busy),
    rate,
    p50,
    p99,
    p999,
  ]);
  const against = targets[reference]?.title ?? reference;
  return table(
    [
      'target',
      `requests, ratio to ${against}`,
      'CPU µs/request',
      'core used',
      'requests/s',
      'p50 µs',
      'p99 µs',
      'p99.9 µs',
    ],
    rows,
  );
}

/** @param {readonly import('./goals.mjs').Judged[]} goals */
export function goalTable(goals) {
  const rows = goals.map(({ text, value, min, max, verdict }) => [
    text,
    value === null ? '–' : min === undefined ? value : `${format(value)} (${format(min)} to ${format(max)})`,
    verdict,
  ]);
  return table(['goal', 'measured', ''], rows);
}

function footnote({ machine, options, targets, leftOut }) {
  const versions = Object.values(targets).map(({ title, version }) => `${title} ${version}`);
  const missing = Object.entries(leftOut).map(([name, why]) => `${name}: ${why}`);
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.kernel}, Node ${machine.node}, wrk ${machine.wrk}; ${machine.pinning}; load average at the start ${machine.loadAtStart}.`,
    `${options.rounds} rounds of ${options.seconds} s, medians; ratios by round (min to max). ${machine.date}, commit ${machine.commit}.`,
    versions.length > 0 ? `Versions: ${versions.join('; ')}.` : '',
    missing.length > 0 ? `Left out: ${missing.join('; ')}.` : '',
  ]
    .filter((line) => line !== '')
    .join('\n');
}
