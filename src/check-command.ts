import { Command } from 'commander';
import { type Finding, fail, ok } from './check/finding.js';
import { checksOf } from './check/parts.js';
import { findings, passed, printed, printedJson } from './check/report.js';
import { systemClock } from './clock.js';
import { ConfigError } from './config/config-error.js';
import { type LoadedConfig, loadConfig } from './config/load.js';
import { secretsOf } from './config/secrets.js';
import { makeScrubber, type Scrubber } from './observe/redact.js';

interface Options {
  readonly config?: string;
  readonly json?: true;
}

/**
 * `tmdb-cache-proxy check`: tries the configuration and everything it names, a line each. Exit status 0, or 1 when something
 * fails; mistakes in the configuration are no exception. `args` are what follows the command's name.
 */
export async function check(args: readonly string[]): Promise<void> {
  const program = new Command('tmdb-cache-proxy check')
    .description(
      'Tries the configuration and everything it names: disk, ports, origin, keys, clock, image host, Redis, peers. ' +
        'Stores and purges nothing. Exit status 0 when nothing fails, else 1.',
    )
    .option('--config <file>', 'YAML file with the same names as the variables')
    .option('--json', 'print one JSON object')
    .allowExcessArguments(false)
    .action(async (options: Options) => run(options));
  await program.parseAsync(args, { from: 'user' });
}

async function run({ config: file, json }: Options): Promise<void> {
  // Waiting for an answer that does not come must not end the process: most timers here do not hold it.
  const alive = setInterval(() => {}, 1000);
  try {
    const found = await look(file);
    const text = json === true ? printedJson(found) : printed(found);
    await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
    // What still hangs is of no interest any more.
    process.exit(passed(found) ? 0 : 1);
  } finally {
    clearInterval(alive);
  }
}

async function look(configFile: string | undefined): Promise<Finding[]> {
  let loaded: LoadedConfig;
  try {
    loaded = loadConfig({ env: process.env, cwd: process.cwd(), configFile });
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    return thrown.mistakes.map((line) =>
      fail('configuration', line, 'correct it; docs/configuration.md lists every variable'),
    );
  }
  const { config, effective } = loaded;
  const given = effective.filter(({ source }) => source === 'env' || source === 'file').length;
  const checks = checksOf(config, systemClock);
  const found = await findings(checks.parts);
  await checks.close();
  return scrubbed(
    [ok('configuration', `${given} of ${effective.length} variables are set, and fit together`), ...found],
    makeScrubber(secretsOf(config)),
  );
}

/** Parts say nothing secret; should a library quote what it was given, it does not get out. */
function scrubbed(found: readonly Finding[], scrub: Scrubber): Finding[] {
  return found.map(({ found: what, advice, ...rest }) => ({
    ...rest,
    found: scrub(what),
    ...(advice !== undefined && { advice: scrub(advice) }),
  }));
}
