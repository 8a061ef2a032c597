import { Command } from 'commander';
import { VERSION } from './version.js';

/** What is not needed to serve. Each reads its own arguments, and sets the exit status. */
const TOOLS: readonly {
  readonly name: string;
  readonly description: string;
  readonly load: () => Promise<(args: readonly string[]) => Promise<void>>;
}[] = [
  {
    name: 'warm',
    description: 'have a running proxy fetch a list of addresses',
    load: async () => (await import('./warm-command.js')).warm,
  },
  {
    name: 'keys',
    description: 'add, list and revoke the keys of clients',
    load: async () => (await import('./keys-command.js')).keys,
  },
  {
    name: 'check',
    description: 'try the configuration and everything it names',
    load: async () => (await import('./check-command.js')).check,
  },
];

/** Parses the command line and runs what it names; without a command it serves. */
export async function runCommand(argv: readonly string[]): Promise<void> {
  const program = new Command('tmdb-cache-proxy')
    .description('A tiered caching HTTP reverse proxy for TMDB: memory, disk or Redis, origin.')
    .version(VERSION)
    .addHelpText('after', '\nAll settings are environment variables; docs/configuration.md lists them.');
  program
    .command('serve', { isDefault: true })
    .description('serve, as the environment, a .env file and --config say')
    .option('--config <file>', 'YAML file with the same names as the variables')
    .action(async ({ config }: { config?: string }) => {
      const { serve } = await import('./serve-command.js');
      await serve(config === undefined ? {} : { configFile: config });
    });
  program
    .command('demo')
    .description('start a sample TMDB and the proxy in front of it: no key, no network')
    .action(async () => {
      const { demo } = await import('./demo-command.js');
      await demo();
    });
  for (const { name, description, load } of TOOLS)
    program
      .command(name)
      .description(`${description}; see ${name} --help`)
      .usage('[options]')
      .helpOption(false)
      .allowUnknownOption()
      .allowExcessArguments()
      .action(async (_options: unknown, { args }: Command) => (await load())(args));
  await program.parseAsync(argv);
}
