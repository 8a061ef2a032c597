// `npm run scenario -- <name>` runs one scenario of test/scenarios and prints what it measured; `all` runs them all, no name
// lists them. A scenario is a test: the exit status is that of its expectations. SCENARIO_FOLDER names another folder, whose
// scenarios bring what they need: nothing is built for them.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printReport } from './scenario-report.mjs';

const FOLDER = process.env.SCENARIO_FOLDER ?? 'test/scenarios';
const ENDING = '.test.ts';

const scenarios = existsSync(FOLDER)
  ? readdirSync(FOLDER)
      .filter((file) => file.endsWith(ENDING))
      .map((file) => file.slice(0, -ENDING.length))
      .sort()
  : [];

/** The first line of the file, which is a comment that says what the scenario shows. */
function description(name) {
  const [first = ''] = readFileSync(join(FOLDER, name + ENDING), 'utf8').split('\n');
  return /^\/[/*]/.test(first) ? first.replace(/^\/[/*]+\s*/, '').replace(/\s*\*\/\s*$/, '') : '';
}

function list() {
  const width = Math.max(0, ...scenarios.map((name) => name.length));
  console.log('npm run scenario -- <name> runs one of these, `all` runs them all:');
  for (const name of scenarios) console.log(`  ${name.padEnd(width)}  ${description(name)}`.trimEnd());
}

/** The program that the scenarios start. */
function build() {
  const { status } = spawnSync(process.execPath, ['scripts/build-if-needed.mjs'], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

/** Runs one scenario; resolves with whether it passed. What vitest printed is shown only when it did not. */
async function run(name) {
  const folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-scenario-'));
  const path = join(folder, 'report.json');
  const started = performance.now();
  console.log(`${name}: ${description(name) || 'running'}`);
  const vitest = spawn(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', join(FOLDER, name + ENDING)],
    {
      env: { ...process.env, SCENARIO_REPORT: path, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const stream of [vitest.stdout, vitest.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  const status = await new Promise((resolve) => vitest.once('close', resolve));
  const reports = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : [];
  rmSync(folder, { recursive: true, force: true });
  if (status !== 0) console.log(output);
  const kept = [reports].flat().map(printReport);
  if (kept.length === 0) console.log('  it wrote no report');
  const passed = status === 0 && kept.every(Boolean);
  console.log(
    `${name}: ${passed ? 'passed' : 'FAILED'} in ${((performance.now() - started) / 1000).toFixed(1)} s\n`,
  );
  return passed;
}

const [wanted] = process.argv.slice(2);
if (wanted === undefined) {
  list();
} else if (wanted !== 'all' && !scenarios.includes(wanted)) {
  console.error(`there is no scenario ${wanted}`);
  list();
  process.exitCode = 2;
} else {
  if (process.env.SCENARIO_FOLDER === undefined) build();
  const failed = [];
  for (const name of wanted === 'all' ? scenarios : [wanted]) if (!(await run(name))) failed.push(name);
  if (failed.length > 0) console.error(`failed: ${failed.join(', ')}`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}
