import { type Command, InvalidArgumentError } from 'commander';
import type { Config } from '../config/config.js';
import { ConfigError } from '../config/config-error.js';
import { loadConfig } from '../config/load.js';
import { CommandError, EXIT } from './exit-status.js';
import { ProxyClient } from './proxy-client.js';

/** How a command is told which proxy to ask. */
export interface ProxyOptions {
  readonly url?: string;
  readonly key?: string;
  readonly config?: string;
}

/** Adds the options of every command that asks a running proxy. */
export function withProxyOptions(command: Command): Command {
  return command
    .option('--url <proxy>', 'the proxy; by default this machine’s, on ADMIN_PORT or PORT', proxyUrl)
    .option('--key <key>', 'its admin key; better as ADMIN_API_KEY, which nobody sees in a list of processes')
    .option('--config <file>', 'YAML file of the proxy, for its port and key');
}

/** The proxy that the options name, else that of this machine. Throws a CommandError when neither is known. */
export function runningProxy(options: ProxyOptions): {
  readonly client: ProxyClient;
  readonly config: Config;
} {
  const config = configOf(options);
  const { url = ownUrl(config) } = options;
  const key = options.key ?? (isMeantFor(url, options, config) ? config.admin.apiKey : undefined);
  return { client: new ProxyClient({ url, key, fetch }), config };
}

/** That of the proxy on this machine, for its port and key. With `--url` a mistake in it does not matter. */
function configOf({ url, config: configFile }: ProxyOptions): Config {
  try {
    return loadConfig({ env: process.env, cwd: process.cwd(), configFile }).config;
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    if (url !== undefined) return loadConfig({ env: {}, cwd: '/', readFile: absent }).config;
    const message = `the configuration has mistakes (or name a proxy with --url):\n${thrown.message}`;
    throw new CommandError(message, EXIT.configuration);
  }
}

const KEY_VARIABLES = ['ADMIN_API_KEY', 'API_KEY'].flatMap((name) => [name, `${name}_FILE`]);

/** The key in a file of settings is that of the proxy it configures; one in the environment is there for this command. */
function isMeantFor(url: string, options: ProxyOptions, config: Config): boolean {
  if (options.url === undefined || KEY_VARIABLES.some((name) => process.env[name] !== undefined)) return true;
  return config.server.port !== 0 && new URL(url).origin === ownUrl(config);
}

function absent(): never {
  throw Object.assign(new Error('no file is read'), { code: 'ENOENT' });
}

function ownUrl({ server }: Config): string {
  const port = server.adminPort ?? server.port;
  if (port === 0) throw new CommandError('PORT=0 does not tell where the proxy listens: name it with --url');
  const { host = '127.0.0.1' } = server;
  const reached = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

function proxyUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new InvalidArgumentError('It must be like http://127.0.0.1:6635.');
  return text.replace(/\/+$/, '');
}
