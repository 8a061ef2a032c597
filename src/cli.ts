import type { Command } from 'commander';
import { command } from './cli/command.js';
import { EXIT } from './cli/exit-status.js';
import { followReader } from './cli/reader.js';
import { VERSION } from './version.js';

/** A command whose code is loaded when it is asked for: what only a tool needs must not delay a start. */
interface Tool {
  readonly name: string;
  /** As its own help has it; a test compares them. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

const TOOLS: readonly Tool[] = [
  {
    name: 'check',
    summary: 'try the configuration and everything it names',
    load: async () => (await import('./check-command.js')).checkCommand(),
  },
  {
    name: 'stats',
    summary: 'show what a running proxy does',
    load: async () => (await import('./stats-command.js')).statsCommand(),
  },
  {
    name: 'search',
    summary: 'list what is in the cache of a running proxy',
    load: async () => (await import('./search-command.js')).searchCommand(),
  },
  {
    name: 'purge',
    summary: 'take answers out of the cache of a running proxy',
    load: async () => (await import('./purge-command.js')).purgeCommand(),
  },
  {
    name: 'warm',
    summary: 'have a running proxy fetch a list of addresses',
    load: async () => (await import('./warm-command.js')).warmCommand(),
  },
  {
    name: 'keys',
    summary: 'add, list and revoke the keys of clients',
    load: async () => (await import('./keys-command.js')).keysCommand(),
  },
];

const NAMES = ['serve', 'demo', ...TOOLS.map(({ name }) => name)];

/** Parses the command line and runs what it names; without a command it serves. */
export async function runCommand(argv: readonly string[]): Promise<void> {
  followReader();
  const args = withCommand(argv.slice(2));
  const program = await programOf((name) => args.includes(name));
  await program.parseAsync(args, { from: 'user' });
}

/** The program with every command complete, for its documents. */
export function wholeProgram(): Promise<Command> {
  return programOf(() => true);
}

async function programOf(isWanted: (name: string) => boolean): Promise<Command> {
  const program = command([], {
    summary: 'A tiered caching HTTP reverse proxy for TMDB: memory, disk or Redis, origin',
    examples: ['demo', 'check && tmdb-cache-proxy serve', 'stats --watch', 'purge /3/movie/550', 'help warm'],
    exits: { [EXIT.configuration]: 'the configuration has mistakes, each on a line of its own' },
  })
    .usage('[command] [options]')
    .version(VERSION, '-V, --version', 'print the version')
    .addHelpText(
      'after',
      '\nWithout a command it serves. Settings are environment variables: docs/configuration.md.',
    );
  program.addCommand(serveCommand()).addCommand(demoCommand());
  for (const { name, summary, load } of TOOLS)
    program.addCommand(isWanted(name) ? await load() : command([name], { summary }));
  return program;
}

/** `help X` is `X --help`, and what begins with an option is for `serve`. */
function withCommand(args: readonly string[]): string[] {
  const [first, second] = args;
  if (first === 'help')
    return second === undefined ? ['--help'] : [second, ...(NAMES.includes(second) ? ['--help'] : [])];
  const ownOption = first !== undefined && ['-h', '--help', '-V', '--version'].includes(first);
  return first === undefined || (first.startsWith('-') && !ownOption) ? ['serve', ...args] : [...args];
}

function serveCommand(): Command {
  return command(['serve'], {
    summary: 'serve, as the environment, a .env file and --config say',
    description:
      'Serves, as the environment, a .env file and --config say, until SIGTERM or SIGINT; then it finishes what is in flight.',
    examples: ['serve', 'serve --config /etc/tmdb-cache-proxy.yaml'],
    exits: {
      [EXIT.ok]: 'stopped when told to',
      [EXIT.configuration]: 'the configuration has mistakes, each on a line of its own',
    },
  })
    .option('--config <file>', 'YAML file with the same names as the variables')
    .action(async ({ config }: { config?: string }) => {
      const { serve } = await import('./serve-command.js');
      await serve(config === undefined ? {} : { configFile: config });
    });
}

function demoCommand(): Command {
  return command(['demo'], {
    summary: 'start a sample TMDB and the proxy in front of it',
    description:
      'Starts a sample TMDB and the proxy in front of it: no key, no network. What it stores is gone afterwards.',
    examples: ['demo'],
    exits: { [EXIT.ok]: 'stopped when told to' },
  }).action(async () => {
    const { demo } = await import('./demo-command.js');
    await demo();
  });
}
