import type { Command } from 'commander';
import type { CacheInfoAnswer, ClearAnswer, PurgeAnswer } from './admin/answers/cache.js';
import { gathered } from './cli/arguments.js';
import { command } from './cli/command.js';
import { confirmed } from './cli/confirm.js';
import { ending } from './cli/ending.js';
import { CommandError, EXIT, type ExitStatus } from './cli/exit-status.js';
import type { ProxyClient } from './cli/proxy-client.js';
import { type ProxyOptions, runningProxy, withProxyOptions } from './cli/proxy-options.js';
import { isEmpty, type PurgeArguments, type PurgeBody, purgeSelection } from './cli/purge-selection.js';
import { plain } from './cli/table.js';
import { bytes, count, plural } from './figures.js';

interface PurgeOptions extends ProxyOptions, PurgeArguments {
  readonly all?: true;
  readonly yes?: true;
  readonly cascade?: true;
  readonly json?: true;
}

/** `tmdb-cache-proxy purge`: takes answers out of the cache of a running proxy. */
export function purgeCommand(): Command {
  const purge = command(['purge'], {
    summary: 'take answers out of the cache of a running proxy',
    description:
      'Takes what is named out of the cache of a running proxy and of all nodes that share its Redis; configured peers are told, too. When it ends, no process of that node serves it any more. What is named adds up.',
    examples: [
      'purge /3/movie/550',
      'purge https://www.themoviedb.org/movie/550',
      "purge 'v1:api:/3/movie/550?language=de'",
      'purge --tag movie:550 --tag tv:1399 --soft',
      'purge --class search',
      'purge --all --yes',
    ],
    exits: { [EXIT.failed]: 'refused, not confirmed, or no proxy could be asked' },
  })
    .argument('[what...]', 'keys as search shows them, paths (without a query: every variant), web addresses')
    .option('--tag <tag>', 'everything with this tag, e.g. movie:550; may be repeated', gathered)
    .option('--class <name>', 'everything of this class: image, detail, search, …')
    .option('--prefix <text>', 'every key that begins so; never a pattern')
    .option('--all', 'everything; asks first on a terminal')
    .option('--yes', 'do not ask')
    .option('--soft', 'make it stale instead: the next reader gets the old answer while it is refreshed')
    .option('--cascade', 'with --all: clear the configured peers as well (purges by name reach them anyway)')
    .option('--json', 'print the answer of the proxy');
  return withProxyOptions(purge).action((what: string[], options: PurgeOptions) => {
    const body = purgeSelection(what, options);
    const fault = typeof body === 'string' ? body : faultOf(body, options);
    if (typeof body === 'string' || fault !== undefined) return purge.error(`error: ${fault}`);
    return ending('purge', options.json, () =>
      options.all === true ? everything(options) : named(body, options),
    );
  });
}

function faultOf(body: PurgeBody, { all, yes }: PurgeOptions): string | undefined {
  if (all === true && !isEmpty(body)) return '--all is everything: name nothing beside it';
  if (all !== true && isEmpty(body))
    return 'what? Give keys, paths, addresses, --tag, --class, --prefix or --all';
  if (all === true && yes !== true && process.stdin.isTTY !== true)
    return '--all wants --yes where nobody can be asked';
  return undefined;
}

async function named(body: PurgeBody, options: PurgeOptions): Promise<ExitStatus> {
  const answer = await runningProxy(options).client.post<PurgeAnswer>('/cache/purge', body);
  return told(options, answer, [`${answer.soft ? 'Stale' : 'Purged'} now: ${reached(answer)}.`]);
}

function reached({ nodes_reached: nodes, pending }: PurgeAnswer | ClearAnswer): string {
  const known = `${plural(nodes, 'node has', 'nodes have')} it`;
  return pending ? `${known}; Redis is away, other nodes follow within 10 s of its return` : known;
}

async function everything(options: PurgeOptions): Promise<ExitStatus> {
  const { client } = runningProxy(options);
  if (options.yes !== true && !(await agreed(client, options))) throw new CommandError('nothing was purged');
  const flags = ['soft', 'cascade'].filter((flag) => options[flag as 'soft' | 'cascade'] === true);
  const query = ['type=all', ...flags.map((flag) => `${flag}=true`)].join('&');
  const answer = await client.post<ClearAnswer>(`/cache/clear?${query}`);
  const counted = Object.entries(answer.cleared).map(
    ([tier, entries]) => `${tier} ${entries == null ? 'all' : count(entries)}`,
  );
  const peers = (answer.peers ?? []).map(
    ({ peer, ok, detail }) =>
      `${plain(peer)}: ${plain(detail)}${ok ? '' : '; it is told again until it takes it'}`,
  );
  const tiers = counted.length === 0 ? '' : ` (entries: ${counted.join(', ')})`;
  return told(options, answer, [
    `${options.soft === true ? 'Stale' : 'Cleared'} now: ${reached(answer)}${tiers}.`,
    ...peers,
  ]);
}

/** Asks on the terminal, and says how much it is about. */
async function agreed(client: ProxyClient, { soft }: PurgeOptions): Promise<boolean> {
  const { memory_cache: memory, l2_cache: l2 } = await client.get<CacheInfoAnswer>('/cache/info');
  const much = [
    `${count(memory.current_size)} entries in memory`,
    ...(l2.in_use === 'none' ? [] : [`${count(l2.current_size)} (${bytes(l2.total_size)}) in ${l2.in_use}`]),
  ].join(', ');
  const does = soft === true ? 'makes everything stale' : 'empties the cache';
  return confirmed(`This ${does} of ${client.url}: ${much}. Go on?`, process.stdin, process.stderr);
}

function told(options: PurgeOptions, answer: object, lines: readonly string[]): ExitStatus {
  process.stdout.write(`${options.json === true ? JSON.stringify(answer) : lines.join('\n')}\n`);
  return EXIT.ok;
}
