import { Command } from 'commander';
import { EXIT, type ExitStatus } from './exit-status.js';

export const PROGRAM = 'tmdb-cache-proxy';

/** What a command's help says beside its options. */
export interface CommandHelp {
  /** One line for the list of all commands: what it does, without a capital and a stop. */
  readonly summary: string;
  /** Sentences; default: the summary. */
  readonly description?: string;
  /** What follows the name of the program. */
  readonly examples?: readonly string[];
  /** When it ends with which status, where that is more than "done" and "not done". */
  readonly exits?: Readonly<Partial<Record<ExitStatus, string>>>;
}

const EXITS: Readonly<Partial<Record<ExitStatus, string>>> = {
  [EXIT.ok]: 'done',
  [EXIT.failed]: 'it failed; the last line says why',
  [EXIT.usage]: 'the command line has a mistake',
};

/**
 * A command in the one style of this program: its help, its mistakes and its exit statuses. `names` are those of the commands it
 * belongs to and its own; none: the program itself.
 */
export function command(names: readonly string[], help: CommandHelp): Command {
  const { summary, description = `${sentence(summary)}.` } = help;
  return styled(new Command(names.at(-1) ?? PROGRAM), [PROGRAM, ...names].join(' '))
    .summary(summary)
    .description(description)
    .addHelpText('after', () => footer(help));
}

function styled(made: Command, fullName: string): Command {
  return made
    .helpCommand(false)
    .helpOption('-h, --help', 'print this')
    .configureHelp({ subcommandTerm: (sub) => sub.name() })
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, `${fullName}: `)),
    })
    .showHelpAfterError('(--help says how it is used)')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.ok : EXIT.usage));
}

function footer({ examples = [], exits }: CommandHelp): string {
  const statuses = Object.entries({ ...EXITS, ...exits }).map(([status, when]) => `${status} ${when}`);
  const parts = [
    ...(examples.length === 0
      ? []
      : [`\nExamples:\n${examples.map((line) => `  ${PROGRAM} ${line}`).join('\n')}`]),
    `\nExit status:\n${statuses.map((line) => `  ${line}`).join('\n')}`,
  ];
  return parts.join('\n');
}

function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
