import closeWithGrace from 'close-with-grace';
import type { Config } from './config/config.js';
import { ConfigError } from './config/config-error.js';
import { loadConfig } from './config/load.js';
import { printConfig } from './config/print.js';
import { secretsOf } from './config/secrets.js';
import { type RunningNode, startNode } from './node.js';
import { createLogger } from './observe/log.js';
import { makeScrubber } from './observe/redact.js';
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

/** Exit statuses: the configuration is wrong (sysexits' EX_CONFIG), or the start failed for another reason. */
const EXIT_CONFIG = 78;
const EXIT_FAILED = 1;

/** Serves until a signal: not ready → requests in flight finish → stores flushed → exit 0. */
export async function serve(options: ServeOptions = {}): Promise<void> {
  const { config, effective } = load(options);
  // People read the configuration, programs the log: one goes to standard error, the other to standard output.
  process.stderr.write(`${printConfig(effective).join('\n')}\n`);
  const { logLevel: level, serverId } = config.server;
  const log = createLogger({ level, serverId, secrets: secretsOf(config) });
  let node: RunningNode | undefined;
  let stopping = false;
  const onFatal = (message: string) => {
    log.fatal(message);
    node?.abandon();
    process.exit(EXIT_FAILED);
  };
  const starting = startNode({ config, effective, log, onFatal });
  const graceMs = config.server.shutdownDelayMs + config.server.shutdownTimeoutMs + 10_000;
  // Before the node is up: a signal during the start ends what has been opened by then, too.
  closeWithGrace(
    {
      delay: graceMs,
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
      else log.info(`${signal}: draining`);
      const running = await starting.catch(() => undefined); // told below
      await running?.stop();
      await options.onStop?.();
      log.info('stopped');
    },
  );
  try {
    node = await starting;
  } catch (error) {
    // Keys of clients are read when they are needed: what is wrong with them shows only here.
    if (error instanceof ConfigError) fail(mistakesOf(error), EXIT_CONFIG);
    const wrongSetting = error instanceof DiskStoreError && error.code === 'too-small';
    fail(describe(error, config), wrongSetting ? EXIT_CONFIG : EXIT_FAILED);
  }
  if (stopping) return;
  const running = node!;
  log.info(running.addresses, `listening on ${running.addresses.main}`);
  options.onReady?.(running, config);
}

function load(options: ServeOptions) {
  try {
    return loadConfig({
      env: options.env ?? process.env,
      cwd: process.cwd(),
      ...(options.configFile === undefined ? {} : { configFile: options.configFile }),
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return fail(mistakesOf(error), EXIT_CONFIG);
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

function fail(message: string, status: number): never {
  process.stderr.write(`tmdb-cache-proxy: ${message}\n`);
  process.exit(status);
}
