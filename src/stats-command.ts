import type { Command } from 'commander';
import type { HealthAnswer } from './admin/answers/health.js';
import type { StatsAnswer } from './admin/answers/stats.js';
import { wholeNumber } from './cli/arguments.js';
import { command } from './cli/command.js';
import { ending } from './cli/ending.js';
import { CommandError, EXIT, type ExitStatus } from './cli/exit-status.js';
import { type ProxyClient, ProxyClientError } from './cli/proxy-client.js';
import { type ProxyOptions, runningProxy, withProxyOptions } from './cli/proxy-options.js';
import { type Look, statsView } from './cli/stats-view.js';
import { draw, repeated } from './cli/watch.js';

interface StatsOptions extends ProxyOptions {
  readonly watch?: number | true;
  readonly json?: true;
}

const EVERY_S = 2;

/** `tmdb-cache-proxy stats`: what a running proxy does, at a glance. */
export function statsCommand(): Command {
  const stats = command(['stats'], {
    summary: 'show what a running proxy does',
    description:
      'Shows the requests, tiers, latencies, upstreams and health of a running proxy: its /stats and /health, summed over its workers.',
    examples: ['stats', 'stats --watch', 'stats --json --url https://tmdb.example.org'],
    exits: { [EXIT.ok]: 'shown, in whatever state it is', [EXIT.failed]: 'no proxy could be asked' },
  })
    .option(
      '--watch [seconds]',
      `on a terminal: look again every so often (${EVERY_S}), until Ctrl-C; with --json an object a line`,
      wholeNumber(1, 3600),
    )
    .option('--json', 'print one JSON object: url, stats, health');
  return withProxyOptions(stats).action((options: StatsOptions) => {
    const { watch, json } = options;
    if (watch !== undefined && json !== true && process.stdout.isTTY !== true)
      stats.error('error: --watch draws on a terminal; in a pipe add --json');
    return ending('stats', json, () => (watch === undefined ? once(options) : watched(options, watch)));
  });
}

async function once(options: StatsOptions): Promise<ExitStatus> {
  const found = await look(runningProxy(options).client);
  process.stdout.write(options.json === true ? `${JSON.stringify(found)}\n` : `${statsView(found)}\n`);
  return EXIT.ok;
}

/** Until Ctrl-C, which is how one leaves it. A proxy that is away for a while is told, and waited for. */
async function watched(options: StatsOptions, watch: number | true): Promise<ExitStatus> {
  const { client } = runningProxy(options);
  const seconds = watch === true ? EVERY_S : watch;
  const over = new AbortController();
  const end = () => over.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  let before: Look | undefined;
  const show = async () => {
    try {
      const now = await look(client);
      if (options.json === true) process.stdout.write(`${JSON.stringify(now)}\n`);
      else draw(process.stdout, statsView(now, before));
      before = now;
    } catch (thrown) {
      // What was wrong from the beginning will not come right by itself.
      if (before === undefined || !(thrown instanceof ProxyClientError)) throw thrown;
      if (options.json === true) process.stdout.write(`${JSON.stringify({ error: thrown.message })}\n`);
      else draw(process.stdout, thrown.message);
    }
  };
  if (options.json !== true) process.stdout.write('\u001b[2J');
  await repeated(show, seconds * 1000, over.signal);
  return EXIT.ok;
}

async function look(client: ProxyClient): Promise<Look> {
  const [stats, health] = await Promise.all([
    client.get<StatsAnswer>('/stats'),
    client.get<HealthAnswer>('/health', [503]),
  ]);
  if (typeof stats.requests !== 'object' || typeof health.checks !== 'object')
    throw new CommandError(`${client.url} answers, but not as a tmdb-cache-proxy does`);
  return { url: client.url, stats, health };
}
