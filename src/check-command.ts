import type { Command } from 'commander';
import { type Finding, fail, ok } from './check/finding.js';
import { checksOf } from './check/parts.js';
import { findings, passed, printed, printedJson } from './check/report.js';
import { command } from './cli/command.js';
import { EXIT } from './cli/exit-status.js';
import { systemClock } from './clock.js';
import { ConfigError } from './config/config-error.js';
import { type LoadedConfig, loadConfig } from './config/load.js';
import { secretsOf } from './config/secrets.js';
import { makeScrubber, type Scrubber } from './redact/redact.js';

interface Options {
  readonly config?: string;
  readonly json?: true;
}

/** `tmdb-cache-proxy check`: tries the configuration and everything it names, a line each. */
export function checkCommand(): Command {
  return command(['check'], {
    summary: 'try the configuration and everything it names',
    description:
      'Tries the configuration and everything it names: disk, ports, origin, keys, clock, image host, Redis, peers. Stores and purges nothing.',
    examples: ['check', 'check --config /etc/tmdb-cache-proxy.yaml', 'check --json'],
    exits: {
      [EXIT.ok]: 'nothing fails',
      [EXIT.failed]: 'something does, a mistake in the configuration included',
    },
  })
    .option('--config <file>', 'YAML file with the same names as the variables')
    .option('--json', 'print one JSON object')
    .action((options: Options) => run(options));
}

async function run({ config: file, json }: Options): Promise<void> {
  // Waiting for an answer that does not come must not end the process: most timers here do not hold it.
  const alive = setInterval(() => {}, 1000);
  try {
    const found = await look(file);
    const text = json === true ? printedJson(found) : printed(found);
    await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
    // What still hangs is of no interest any more.
    process.exit(passed(found) ? EXIT.ok : EXIT.failed);
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
    [
      ok(
        'configuration',
        `${given} of ${effective.length} variables ${given === 1 ? 'is set, and fits' : 'are set, and fit together'}`,
      ),
      ...found,
    ],
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
