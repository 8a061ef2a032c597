import { Command } from 'commander';
import { VERSION } from './version.js';

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
  await program.parseAsync(argv);
}
