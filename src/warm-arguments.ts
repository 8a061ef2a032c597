import { Command, InvalidArgumentError, Option } from 'commander';
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
export interface WarmArguments {
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
  readonly url?: string;
  readonly key?: string;
  readonly config?: string;
  readonly json?: boolean;
  readonly detach?: boolean;
}

const EXAMPLES = `
Examples:
  tmdb-cache-proxy warm /3/movie/550 https://www.themoviedb.org/tv/1399
  tmdb-cache-proxy warm --urls list.txt
  tmdb-cache-proxy warm --log access.log --top 5000
  tmdb-cache-proxy warm --export movie --top 1000 --language de,en --append credits,images
  tmdb-cache-proxy warm --export movie_ids_01_31_2026.json.gz --top 1000
  tmdb-cache-proxy warm --hot

It asks a running proxy, which fetches behind all of its clients. Exit status: 0 all that may be shared
is in the cache, 1 something is not, 130 stopped by Ctrl-C (the job then waits for --resume).`;

/** Parses the arguments. Prints help or what is wrong, and ends the process with 0 or 1, where they say nothing to do. */
export function warmArguments(args: readonly string[]): WarmArguments {
  const program = new Command('tmdb-cache-proxy warm')
    .description('Have a running proxy fetch a list of addresses.')
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
    .option('--url <proxy>', 'the proxy; by default this machine’s, on ADMIN_PORT or PORT', proxyUrl)
    .option('--key <key>', 'its admin key; better as ADMIN_API_KEY, which nobody sees in a list of processes')
    .option('--config <file>', 'YAML file of the proxy, for its port and key')
    .option('--json', 'print one JSON object at the end')
    .option('--detach', 'do not wait for the end')
    .addHelpText('after', EXAMPLES);
  program.parse([...args], { from: 'user' });
  const given = { ...program.opts<Omit<WarmArguments, 'addresses'>>(), addresses: program.args };
  const fault = faultOf(given);
  if (fault !== undefined) program.error(`error: ${fault}`);
  return given;
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

function wholeNumber(from: number, to: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d{1,9}$/.test(text) && value >= from && value <= to) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${from} to ${to}.`);
  };
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

function proxyUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new InvalidArgumentError('It must be like http://127.0.0.1:6635.');
  return text.replace(/\/+$/, '');
}
