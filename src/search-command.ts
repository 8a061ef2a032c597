import { type Command, Option } from 'commander';
import type { KeyRow, KeysAnswer } from './admin/answers/keys.js';
import { wholeNumber } from './cli/arguments.js';
import { command } from './cli/command.js';
import { ending } from './cli/ending.js';
import { EXIT, type ExitStatus } from './cli/exit-status.js';
import type { ProxyClient } from './cli/proxy-client.js';
import { type ProxyOptions, runningProxy, withProxyOptions } from './cli/proxy-options.js';
import { type Column, table } from './cli/table.js';
import { bytes, count, duration } from './figures.js';
import { TIER_NAMES, type TierName } from './tiers/tier.js';

interface SearchOptions extends ProxyOptions {
  readonly limit: number;
  readonly tier?: TierName;
  readonly class?: string;
  readonly json?: true;
}

const DEFAULT_LIMIT = 100;
const MOST = 1_000_000;
/** Rows that a proxy gives at once. */
const PAGE = 1000;

/** `tmdb-cache-proxy search`: the keys in the cache of a running proxy that contain a text. */
export function searchCommand(): Command {
  const search = command(['search'], {
    summary: 'list what is in the cache of a running proxy',
    description:
      'Lists the keys in the cache of a running proxy that contain a text, page after page; without a text, all of them.',
    examples: [
      'search movie/550',
      'search language=de --class search --tier memory',
      'search --limit 1000000 --json | jq -r .key',
    ],
    exits: {
      [EXIT.ok]: 'listed, also when there is nothing',
      [EXIT.failed]: 'refused, or no proxy could be asked',
    },
  })
    .argument('[text]', 'plain text, never a pattern; case matters')
    .option('--limit <n>', 'print so many at most', wholeNumber(1, MOST), DEFAULT_LIMIT)
    .addOption(new Option('--tier <name>', 'only what is in this tier').choices(TIER_NAMES))
    .option('--class <name>', 'only entries of this class: image, detail, search, …')
    .option('--json', 'print an object a line, as soon as it is known');
  return withProxyOptions(search).action((text: string | undefined, options: SearchOptions) =>
    ending('search', options.json, () => list(text ?? '', options)),
  );
}

async function list(text: string, options: SearchOptions): Promise<ExitStatus> {
  const { client } = runningProxy(options);
  const rows: KeyRow[] = [];
  let printed = 0;
  let more = false;
  for await (const page of pages(client, text, options)) {
    const wanted = page.keys.slice(0, options.limit - printed);
    if (options.json === true) process.stdout.write(wanted.map((row) => `${JSON.stringify(row)}\n`).join(''));
    else rows.push(...wanted);
    printed += wanted.length;
    more = page.next_cursor !== null || wanted.length < page.keys.length;
    if (printed >= options.limit) break;
  }
  if (rows.length > 0) process.stdout.write(`${table(COLUMNS, rows)}\n`);
  if (printed === 0) process.stderr.write('nothing is stored of that kind\n');
  else if (more) process.stderr.write(`these are the first ${count(printed)}; there may be more (--limit)\n`);
  return EXIT.ok;
}

/** Page after page until the end, or until nobody asks for the next. A page may be empty and not the last. */
async function* pages(
  client: ProxyClient,
  text: string,
  { limit, tier, class: of }: SearchOptions,
): AsyncGenerator<KeysAnswer> {
  const query = new URLSearchParams({ limit: String(Math.min(limit, PAGE)) });
  if (text !== '') query.set('q', text);
  if (tier !== undefined) query.set('tier', tier);
  if (of !== undefined) query.set('class', of);
  const path = text === '' ? '/cache/keys' : '/cache/search';
  for (;;) {
    const page = await client.get<KeysAnswer>(`${path}?${query}`);
    yield page;
    if (page.next_cursor === null) return;
    query.set('cursor', page.next_cursor);
  }
}

const COLUMNS: readonly Column<KeyRow>[] = [
  { title: 'tier', of: ({ tiers }) => tiers.join('+') },
  { title: 'class', of: (row) => row.class },
  { title: 'status', of: ({ status }) => String(status), right: true },
  { title: 'size', of: ({ size }) => bytes(size), right: true },
  { title: 'age', of: ({ age }) => duration(age), right: true },
  { title: 'fresh for', of: ({ ttl }) => `${ttl < 0 ? '-' : ''}${duration(ttl)}`, right: true },
  { title: 'key', of: ({ key }) => key },
];
