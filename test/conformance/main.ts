import { readFileSync, writeFileSync } from 'node:fs';
import suites from 'http-cache-tests/tests/index.mjs';
import { startProxy } from '../support/proxy-process.js';
import { get } from '../support/raw-client.js';
import { startRedis } from '../support/redis-server.js';
import { classify, score, total } from './classify.js';
import { chosenModes, MODES, type Mode, tierComplaints } from './modes.js';
import { type ClientRun, runClient, startOrigin } from './processes.js';
import { NEWEST, publishedRows, type Row, SUITE_VERSION } from './published.js';
import { type Kept, keptText, RESULTS_FILE, writtenText } from './results.js';
import { findingLines, scope, table } from './table.js';
import { type Exception, judge, notExcused, type Verdict } from './verdict.js';

const EXCEPTIONS = JSON.parse(
  readFileSync(new URL('exceptions.json', import.meta.url), 'utf8'),
) as readonly Exception[];

/** Keeps what all modes have reached in test/conformance/results.json. */
const WRITE = '--write';

interface ModeResult {
  readonly mode: Mode;
  readonly row: Row;
  readonly verdict: Verdict;
  /** Exceptions and metrics that are not as they should be. */
  readonly complaints: readonly string[];
}

/** Runs the suite in the modes that the arguments name, prints what came of it, and resolves with the exit status. */
export async function conformance(args: readonly string[]): Promise<number> {
  const write = args.includes(WRITE);
  const modes = chosenModes(args.filter((argument) => argument !== WRITE));
  if (modes === undefined) {
    const names = MODES.map(({ name }) => name).join('|');
    console.error(`usage: npm run conformance [-- [${WRITE}] --mode ${names}|all]`);
    return 2;
  }
  const interrupted = untilInterrupted();
  const browserOnly = suites
    .flatMap(({ tests }) => tests)
    .filter((test) => test.browser_only === true).length;
  for (const line of scope(SUITE_VERSION, total(classify(suites, {})), browserOnly)) console.log(line);
  const results: ModeResult[] = [];
  try {
    for (const mode of modes) results.push(report(await runMode(mode, interrupted.signal)));
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    console.error('interrupted');
    return 130;
  } finally {
    interrupted.stop();
  }
  printTables(results);
  const good = results.every(
    ({ verdict, complaints }) => notExcused(verdict).length + complaints.length === 0,
  );
  const told = !good || modes.length < MODES.length || keep(results, write);
  console.log(good && told ? '\nconformance: passed' : '\nconformance: FAILED');
  return good && told ? 0 : 1;
}

/** Whether the file that documents are printed from says what this run, of all modes, has found; with `write` it does then. */
function keep(results: readonly ModeResult[], write: boolean): boolean {
  const text = keptText(keptOf(results));
  if (write) writeFileSync(RESULTS_FILE, text);
  if (writtenText() === text) return true;
  console.error(
    '\ntest/conformance/results.json says otherwise: npm run conformance -- --write && npm run docs',
  );
  return false;
}

function keptOf(results: readonly ModeResult[]): Kept {
  const { required, optimal } = total(classify(suites, {}));
  return {
    suite: SUITE_VERSION,
    required,
    optimal,
    ours: results.map(({ mode, row }) => ({ ...row, name: mode.name })),
    others: publishedRows(suites),
  };
}

/** The suite's origin, the proxy before it, and the client, in one mode; everything is ended whatever happens. */
async function runMode(mode: Mode, signal: AbortSignal): Promise<ModeResult> {
  console.log(`\n${mode.name}: ${mode.what}`);
  const started: (() => Promise<unknown>)[] = [];
  const ended = <T extends { stop(): Promise<unknown> }>(part: T): T => {
    started.push(() => part.stop());
    return part;
  };
  try {
    const origin = ended(await startOrigin());
    const redis = mode.redis ? ended(await startRedis()) : undefined;
    const env = {
      UPSTREAM_TYPE: 'custom',
      UPSTREAM_SERVERS: origin.url,
      ...mode.env,
      ...(redis && { REDIS_URL: `redis://127.0.0.1:${redis.port}` }),
    };
    const proxy = ended(await startProxy({ quiet: true, env }));
    const { classified, verdict } = await judged(proxy.url, signal);
    const metrics = (await get(`${proxy.url}/metrics`)).body.toString();
    return {
      mode,
      row: { name: `tmdb-cache-proxy, ${mode.name}`, ...score(classified) },
      verdict,
      complaints: [...verdict.complaints, ...tierComplaints(mode, metrics)],
    };
  } finally {
    for (const stop of started.reverse()) await stop();
  }
}

/**
 * Runs the client, and once more what was not excused: the suite waits 3 s for lifetimes of 2 s, and a machine that pauses for
 * one second fails a test that nothing is wrong with.
 */
async function judged(base: string, signal: AbortSignal) {
  const verdictOf = ({ results, statuses }: ClientRun) => {
    const classified = classify(suites, results);
    return { classified, verdict: judge(classified, statuses, EXCEPTIONS) };
  };
  const first = await runClient(base, [], signal);
  const ids = notExcused(verdictOf(first).verdict);
  if (ids.length === 0) return verdictOf(first);
  console.log(`  repeated once: ${ids.join(', ')}`);
  const second = await runClient(base, ids, signal);
  return verdictOf({
    results: { ...first.results, ...second.results },
    statuses: { ...first.statuses, ...second.statuses },
  });
}

function report(result: ModeResult): ModeResult {
  const { verdict, complaints, row } = result;
  const open = notExcused(verdict).length;
  const excused = verdict.findings.length - open;
  console.log(`  ${row.required} required, ${row.optimal} optimal; ${excused} excused, ${open} not excused`);
  for (const finding of verdict.findings)
    if (finding.exception === undefined) for (const line of findingLines(finding)) console.log(line);
  for (const complaint of complaints) console.log(`  ${complaint}`);
  return result;
}

function printTables(results: readonly ModeResult[]): void {
  const excused = new Map(
    results
      .flatMap(({ verdict }) => verdict.findings)
      .filter(({ exception }) => exception !== undefined)
      .map((finding) => [finding.test.id, finding]),
  );
  if (excused.size > 0) console.log('\nExcused (test/conformance/exceptions.json):');
  for (const finding of excused.values()) for (const line of findingLines(finding)) console.log(line);
  const ours = results.map(({ row }) => row);
  const { required, optimal } = total(classify(suites, {}));
  console.log(`\nThe release that was run; other caches by the results that the package brings`);
  for (const line of table(`of ${required} and ${optimal}`, [...ours, ...publishedRows(suites)]))
    console.log(line);
  console.log(
    '\nThe newest form of the suite, which is not public on npm: numbers from issue 4, not run here',
  );
  for (const line of table('of 160 and 105', NEWEST)) console.log(line);
}

/** Aborted by Ctrl-C and its kin, so that everything started is ended before we go. */
function untilInterrupted() {
  const controller = new AbortController();
  const abort = () => controller.abort(new Error('interrupted'));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.once(name, abort);
  return {
    signal: controller.signal,
    stop: () => {
      for (const name of signals) process.off(name, abort);
    },
  };
}
