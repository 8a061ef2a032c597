import { type Command, InvalidArgumentError, Option } from 'commander';
import { wholeNumber } from './cli/arguments.js';
import { command } from './cli/command.js';
import { EXIT } from './cli/exit-status.js';
import { type ProxyOptions, withProxyOptions } from './cli/proxy-options.js';
import { MAX_CONCURRENCY, MAX_LINES } from './warm/command.js';
import {
  APPEND,
  EXPORT_KINDS,
  type ExportKind,
  LANGUAGE,
  MAX_APPENDS,
  targetsAtMost,
} from './warm/export-list.js';

/** What follows `warm` on the command line. */
export interface WarmArguments extends ProxyOptions {
  readonly addresses: readonly string[];
  readonly urls?: string;
  readonly log?: string;
  readonly export?: string;
  readonly hot?: boolean;
  readonly resume?: string;
  readonly kind?: ExportKind;
  readonly top: number;
  readonly language: readonly string[];
  readonly append: readonly string[];
  readonly adult?: boolean;
  readonly date?: string;
  readonly concurrency?: number;
  readonly json?: boolean;
  readonly detach?: boolean;
}

/** The command, which hands over arguments that fit together. */
export function warmArguments(run: (given: WarmArguments) => Promise<void>): Command {
  const warm = command(['warm'], {
    summary: 'have a running proxy fetch a list of addresses',
    description: 'Has a running proxy fetch a list of addresses, behind all of its clients.',
    examples: [
      'warm /3/movie/550 https://www.themoviedb.org/tv/1399',
      'warm --urls list.txt',
      'warm --log access.log --top 5000',
      'warm --export movie --top 1000 --language de,en --append credits,images',
      'warm --export movie_ids_01_31_2026.json.gz --top 1000',
      'warm --hot',
    ],
    exits: {
      [EXIT.ok]: 'all that may be shared is in the cache',
      [EXIT.failed]: 'something is not, or no proxy could be asked',
      [EXIT.interrupted]: 'stopped by Ctrl-C; the job then waits for --resume',
      [EXIT.unread]: 'nobody reads the output any more; the job goes on',
    },
  })
    .argument('[address...]', 'paths, URLs of TMDB or of a proxy, addresses of the web site, cache keys')
    .option('--urls <file>', 'addresses, one a line; - for standard input')
    .option(
      '--log <file>',
      'what an access log has most of (JSON lines, common, combined); - for standard input',
    )
    .option('--export <what>', 'the most popular of a daily id export: movie, tv, person, …, a file or a URL')
    .option('--hot', 'what was asked for most, also before the last restart')
    .option('--resume <id>', 'go on with a job that was stopped')
    .option('--top <n>', 'so many of --log, --export, --hot', wholeNumber(1, MAX_LINES), 1000)
    .option(
      '--language <list>',
      'of --export: each in these languages, e.g. de,en-US',
      list(LANGUAGE, 50),
      [],
    )
    .option('--append <list>', 'of --export: append_to_response', list(APPEND, MAX_APPENDS), [])
    .option('--adult', 'of --export: titles for adults, too')
    .option('--date <day>', 'of --export: 2026-01-31 rather than the newest', day)
    .addOption(new Option('--kind <kind>', 'what the ids of an export are of').choices(EXPORT_KINDS))
    .option('--concurrency <n>', 'targets in flight', wholeNumber(1, MAX_CONCURRENCY))
    .option('--json', 'print one JSON object at the end')
    .option('--detach', 'do not wait for the end');
  return withProxyOptions(warm).action((addresses: string[], options: Omit<WarmArguments, 'addresses'>) => {
    const given = { ...options, addresses };
    const fault = faultOf(given);
    return fault === undefined ? run(given) : warm.error(`error: ${fault}`);
  });
}

function faultOf({
  addresses,
  urls,
  log,
  export: daily,
  hot,
  resume,
  ...rest
}: WarmArguments): string | undefined {
  const sources = [addresses.length > 0 || urls !== undefined, log, daily, hot, resume];
  const given = sources.filter((source) => source !== undefined && source !== false).length;
  if (given === 0) return 'give addresses, --urls, --log, --export, --hot or --resume; see --help';
  if (given > 1) return 'give one of: addresses or --urls, --log, --export, --hot, --resume';
  if (targetsAtMost({ top: rest.top, languages: rest.language }) > MAX_LINES)
    return `--top times the languages are more than ${MAX_LINES} targets`;
  const exporting =
    rest.language.length > 0 || rest.append.length > 0 || rest.adult || rest.date || rest.kind;
  return exporting && daily === undefined
    ? '--language, --append, --adult, --date and --kind go with --export'
    : undefined;
}

function list(member: RegExp, most: number) {
  return (text: string): string[] => {
    const members = text.split(',').map((part) => part.trim());
    const bad = members.find((part) => !member.test(part));
    if (bad !== undefined) throw new InvalidArgumentError(`"${bad}" is none of the names it takes.`);
    if (members.length > most) throw new InvalidArgumentError(`It takes at most ${most}.`);
    return members;
  };
}

function day(text: string): string {
  if (/^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError('It must be like 2026-01-31.');
}
