// `npm run soak -- <family> --minutes N [--seed S] [--write]` runs the files of test/soak/<family>, one after the other, each with
// its part of the minutes, and prints one report as JSON. --write keeps it in test/soak/results, which docs/reliability.md is printed from.
import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const FOLDER = 'test/soak';
const RESULTS = join(FOLDER, 'results');

const families = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'results')
  .map(({ name }) => name)
  .sort();

function usage(problem) {
  if (problem !== undefined) console.error(problem);
  console.error(
    `npm run soak -- <family> --minutes N [--seed S] [--write]\nfamilies: ${families.join(', ')}`,
  );
  process.exit(2);
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { minutes: { type: 'string' }, seed: { type: 'string' }, write: { type: 'boolean' } },
    });
    const [family, ...more] = positionals;
    if (family === undefined || more.length > 0) usage();
    if (!families.includes(family)) usage(`there is no family ${family}`);
    const minutes = Number(values.minutes);
    if (!(minutes > 0 && minutes <= 24 * 60)) usage('--minutes takes a number above 0 and up to 1440');
    if (values.seed !== undefined && !/^\d{1,10}$/.test(values.seed)) usage('--seed takes a whole number');
    return { family, minutes, seed: values.seed, write: values.write === true };
  } catch (error) {
    return usage(error.message);
  }
}

function git(...args) {
  try {
    return execFileSync('git', args, { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  } catch {
    return ''; // A copy without its history.
  }
}

/** Runs one file; resolves with whether it passed and what it counted, if it came so far. */
async function runFile(family, file, minutes, seed, reports) {
  const path = join(FOLDER, family, file);
  console.error(`${path}: ${minutes.toFixed(1)} min`);
  const vitest = spawn(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--project', 'tests', path],
    {
      env: {
        ...process.env,
        SOAK_MINUTES: String(minutes),
        SOAK_REPORTS: reports,
        NO_COLOR: '1',
        ...(seed === undefined ? {} : { SOAK_SEED: seed }),
      },
      stdio: ['ignore', 2, 2],
    },
  );
  const status = await new Promise((resolve) => vitest.once('close', resolve));
  const report = join(reports, file.replace('.test.ts', '.json'));
  return {
    passed: status === 0,
    counts: existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined,
  };
}

/** Adds what one file counted to the family's report. */
function add(report, file, counts) {
  report.seeds[file] = counts.seed;
  report.requests += counts.requests;
  report.lost += counts.lost;
  report.wrong += counts.wrong;
  report.longestStallMs = Math.max(report.longestStallMs, counts.longestStallMs);
  for (const part of ['inputs', 'faults'])
    for (const [kind, count] of Object.entries(counts[part]))
      report[part][kind] = (report[part][kind] ?? 0) + count;
  for (const [name, value] of Object.entries(counts.measures))
    report.measures[name] = Math.max(report.measures[name] ?? value, value);
}

const { family, minutes, seed, write } = readArguments();
execFileSync(process.execPath, ['scripts/build-if-needed.mjs'], { stdio: ['ignore', 2, 2] });
const reports = mkdtempSync(join(tmpdir(), 'tmdb-proxy-soak-'));
const files = readdirSync(join(FOLDER, family)).filter((file) => file.endsWith('.test.ts'));
const report = {
  family,
  commit: git('rev-parse', '--short', 'HEAD'),
  changed: git('status', '--porcelain', 'src') !== '',
  node: process.version,
  minutes,
  seconds: 0,
  passed: true,
  requests: 0,
  lost: 0,
  wrong: 0,
  longestStallMs: 0,
  inputs: {},
  faults: {},
  measures: {},
  seeds: {},
};
const began = performance.now();
try {
  for (const file of files) {
    const { passed, counts } = await runFile(family, file, minutes / files.length, seed, reports);
    report.passed &&= passed && counts !== undefined;
    if (counts !== undefined) add(report, file, counts);
  }
} finally {
  rmSync(reports, { recursive: true, force: true });
}
report.seconds = Math.round((performance.now() - began) / 1000);
const text = `${JSON.stringify(report, null, 2)}\n`;
console.log(text);
if (!report.passed) process.exitCode = 1;
else if (write) {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, `${family}.json`), text);
}
