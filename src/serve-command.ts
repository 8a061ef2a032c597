import { closeSync, openSync } from 'node:fs';
import closeWithGrace from 'close-with-grace';
import { EXIT, type ExitStatus } from './cli/exit-status.js';
import { logOf } from './compose-log.js';
import type { Config } from './config/config.js';
import { ConfigError } from './config/config-error.js';
import { LiveConfig } from './config/live.js';
import { type LoadOptions, loadConfig } from './config/load.js';
import { printConfig } from './config/print.js';
import { reloadConfig } from './config/reload.js';
import { secretsOf } from './config/secrets.js';
import { startNode } from './node.js';
import type { Logger } from './observe/log.js';
import { makeScrubber } from './redact/redact.js';
import type { NodeOptions, RunningNode } from './running-node.js';
import { DiskStoreError } from './tiers/disk-types.js';

export interface ServeOptions {
  readonly configFile?: string;
  /** Default: the process' own. */
  readonly env?: NodeJS.ProcessEnv;
  /** Called once the node answers. */
  readonly onReady?: (node: RunningNode, config: Config) => void;
  /** Closed after the node. */
  readonly onStop?: () => Promise<void>;
}

/** Serves until a signal: not ready → requests in flight finish → stores flushed → exit 0. */
export async function serve(options: ServeOptions = {}): Promise<void> {
  const sources: LoadOptions = {
    env: options.env ?? process.env,
    cwd: process.cwd(),
    ...(options.configFile === undefined ? {} : { configFile: options.configFile }),
  };
  const loaded = load(sources);
  const { config } = loaded;
  // People read the configuration, programs the log: one goes to standard error, the other to standard output.
  process.stderr.write(`${printConfig(loaded.effective).join('\n')}\n`);
  const live = new LiveConfig(config);
  const log = logOf(live);
  let node: RunningNode | undefined;
  let stopping = false;
  const onFatal = (message: string) => {
    log.fatal(message);
    node?.abandon();
    process.exit(EXIT.failed);
  };
  const reread: NodeOptions['reread'] = (running) => reloadConfig(running, sources);
  const starting = startNode({ config, live, loaded, reread, log, onFatal });
  const graceMs = config.server.shutdownDelayMs + config.server.shutdownTimeoutMs + 10_000;
  // Before the node is up: a signal during the start ends what has been opened by then, too.
  const closing = closeWithGrace(
    {
      delay: graceMs,
      // On Windows it means that the console is closed.
      skip: process.platform === 'win32' ? [] : ['SIGHUP'],
      onSecondSignal: (signal) => {
        log.warn(`second ${signal}: ending at once`);
        node?.abandon();
      },
      onTimeout: (ms) => {
        log.error(`not stopped after ${ms} ms: ending`);
        node?.abandon();
      },
    },
    async ({ signal, err }) => {
      stopping = true;
      if (err !== undefined) log.fatal({ err }, 'unexpected fault: stopping');
      else log.info(`${signal ?? 'terminal closed'}: draining`);
      const running = await starting.catch(() => undefined); // told below
      await running?.stop();
      await options.onStop?.();
      log.info('stopped');
    },
  );
  if (process.platform !== 'win32') reloadOnSighup(log, starting, closing);
  try {
    node = await starting;
  } catch (error) {
    // Keys of clients are read when they are needed: what is wrong with them shows only here.
    if (error instanceof ConfigError) fail(mistakesOf(error), EXIT.configuration);
    const wrongSetting = error instanceof DiskStoreError && error.code === 'too-small';
    fail(describe(error, config), wrongSetting ? EXIT.configuration : EXIT.failed);
  }
  if (stopping) return;
  const running = node!;
  log.info(running.addresses, `listening on ${running.addresses.main}`);
  options.onReady?.(running, config);
}

/** One that comes during the start waits for its end. A terminal that closes sends it, too: what was started there ends with it. */
function reloadOnSighup(log: Logger, starting: Promise<RunningNode>, closing: { close(): void }): void {
  const hadTerminal = hasTerminal();
  process.on('SIGHUP', () => {
    if (hadTerminal && !hasTerminal()) {
      closing.close();
      return;
    }
    log.info('SIGHUP: reading the configuration again');
    void starting.then(
      (node) => node.reload(),
      () => {}, // told by the start
    );
  });
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}

function load(sources: LoadOptions) {
  try {
    return loadConfig(sources);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return fail(mistakesOf(error), EXIT.configuration);
  }
}

function mistakesOf({ mistakes }: ConfigError): string {
  return ['The configuration has mistakes:', ...mistakes.map((line) => `  ${line}`)].join('\n');
}

function describe(error: unknown, config: Config): string {
  const scrub = makeScrubber(secretsOf(config));
  if (error instanceof DiskStoreError && error.code === 'too-small')
    return `DISK_CACHE_BYTES: ${error.message}`;
  if (error instanceof DiskStoreError) return scrub(`CACHE_DIR: ${error.message}`);
  if (!(error instanceof Error)) return scrub(String(error));
  return scrub('code' in error && error.code === 'internal' ? (error.stack ?? error.message) : error.message);
}

function fail(message: string, status: ExitStatus): never {
  process.stderr.write(`tmdb-cache-proxy: ${message}\n`);
  process.exit(status);
}
