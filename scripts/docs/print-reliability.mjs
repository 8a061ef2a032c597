// Prints test/soak/results/*.json, which `npm run soak -- <family> --write` keeps, between `<!-- soak -->` and `<!-- /soak -->` of
// docs/reliability.md.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { table } from '../../bench/lib/print.mjs';
import { keep } from '../generated.mjs';

const FOLDER = 'test/soak/results';
const DOCUMENT = 'docs/reliability.md';
const UNITS = ['ms', 's', 'bytes', 'percent', 'count'];

const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0);
const minutes = (seconds) => Math.round(seconds / 6) / 10;

function overview(reports) {
  return table(
    [
      'family',
      'minutes',
      'requests',
      'load, a second',
      'inputs',
      'faults',
      'lost',
      'wrong',
      'longest stall, ms',
      'commit',
    ],
    reports.map((report) => [
      `[${report.family}](#${report.family})`,
      minutes(report.seconds),
      report.requests,
      Math.round(report.requests / report.seconds),
      sum(report.inputs),
      sum(report.faults),
      report.lost,
      report.wrong,
      report.longestStallMs,
      `${report.commit}${report.changed ? ' and changes' : ''}`,
    ]),
  );
}

/** `rss_after_all_bytes` becomes `rss after all, bytes`. */
function measured([name, value]) {
  const unit = UNITS.find((ending) => name.endsWith(`_${ending}`));
  const words = (unit === undefined ? name : name.slice(0, -unit.length - 1)).replaceAll('_', ' ');
  return [unit === undefined ? words : `${words}, ${unit}`, value];
}

function details(report) {
  const rows = [
    ...Object.entries(report.inputs).map(([kind, count]) => [`input: ${kind}`, count]),
    ...Object.entries(report.faults).map(([kind, count]) => [`fault: ${kind}`, count]),
    ...Object.entries(report.measures).map(measured),
  ];
  const seeds = Object.entries(report.seeds).map(([file, seed]) => `${file.replace('.test.ts', '')} ${seed}`);
  return `### ${report.family}\n\nSeeds: ${seeds.join(', ')}. Node ${report.node}.\n\n${table(['what', 'how often, or how much'], rows)}`;
}

const reports = (existsSync(FOLDER) ? readdirSync(FOLDER) : [])
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map((file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')));
const printed =
  reports.length === 0 ? 'No report is kept yet.' : [overview(reports), ...reports.map(details)].join('\n\n');
const text = readFileSync(DOCUMENT, 'utf8');
keep(
  DOCUMENT,
  text.replace(
    /(<!-- soak -->\n)[\s\S]*(<!-- \/soak -->)/,
    (_, start, end) => `${start}\n${printed}\n\n${end}`,
  ),
);
