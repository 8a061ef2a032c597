import { MASK, sanitizeUrl } from '../redact/redact.js';
import type { Endpoint, HostPort } from './config.js';
import { BadValue, type Kind, kind, listOf } from './kind.js';

function readUrl(text: string, protocols: readonly string[], example: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !protocols.includes(url.protocol) || url.hostname === '') {
    throw new BadValue(`write a URL such as ${example}`);
  }
  if (url.search !== '' || url.hash !== '') throw new BadValue(`leave out the query: ${example}`);
  return url;
}

function userinfo(part: string): string | undefined {
  if (part === '') return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    throw new BadValue('percent-encode the user and the password in the URL');
  }
}

interface EndpointOptions {
  /** Whether a user and a password in the URL mean something there. */
  readonly credentials: boolean;
  readonly example: string;
}

/**
 * Scheme, host and port of a server. `http://` and loopback are allowed (CONTRACT, Settled details); a path is not,
 * since requests keep theirs.
 */
export function endpoint(options: EndpointOptions): Kind<Endpoint> {
  return kind(
    'URL',
    (text) => {
      const url = readUrl(text, ['http:', 'https:'], options.example);
      if (url.pathname !== '/') throw new BadValue(`leave out the path: ${options.example}`);
      const endpointRead = {
        origin: url.origin,
        username: userinfo(url.username),
        password: userinfo(url.password),
      };
      if (!options.credentials && (url.username !== '' || url.password !== '')) {
        throw new BadValue('leave out the user and the password; TMDB takes its key from TMDB_API_KEY');
      }
      return endpointRead;
    },
    showEndpoint,
  );
}

export function endpoints(options: EndpointOptions): Kind<readonly Endpoint[]> {
  return listOf(endpoint(options), 'URLs, comma-separated');
}

function showEndpoint(value: Endpoint): string {
  const hasCredentials = value.username !== undefined || value.password !== undefined;
  return hasCredentials ? value.origin.replace('://', `://${MASK}@`) : value.origin;
}

/** An address that paths are added to; read without a slash at its end. */
function baseUrl(example: string): Kind<string> {
  return kind(
    'URL',
    (text) => {
      const url = readUrl(text, ['http:', 'https:'], example);
      if (url.username !== '' || url.password !== '')
        throw new BadValue('leave out the user and the password');
      return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
    },
    (value) => value,
  );
}

/** Where clients reach this proxy; may have a path when another proxy mounts it there. */
export const publicUrl: Kind<string> = baseUrl('https://tmdb.example.org');

/** Where TMDB's daily exports lie. */
export const exportUrl: Kind<string> = baseUrl('https://files.tmdb.org');

/** `proxy:3128` is what curl and others take as well. */
export const forwardProxy: Kind<string> = kind(
  'URL',
  (text) => {
    const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
    const url = readUrl(withScheme, ['http:', 'https:'], 'http://proxy.example.org:3128');
    userinfo(url.username);
    userinfo(url.password);
    return url.href;
  },
  (value) => sanitizeUrl(value),
);

/** What a Redis URL says; the REDIS_* variables fill what it leaves open. */
export interface RedisUrl extends HostPort {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number | undefined;
  readonly tls: boolean;
}

const REDIS_EXAMPLE = 'redis://user:password@host:6379/0, or rediss:// for TLS';

export const redisUrl: Kind<RedisUrl> = kind<RedisUrl>(
  'Redis URL',
  (text) => {
    const url = readUrl(text, ['redis:', 'rediss:'], REDIS_EXAMPLE);
    const db = /^\/?(\d{0,5})$/.exec(url.pathname)?.[1];
    if (db === undefined) throw new BadValue(`write a database number after the host: ${REDIS_EXAMPLE}`);
    return {
      host: bareHost(url.hostname),
      port: url.port === '' ? 6379 : Number(url.port),
      username: userinfo(url.username),
      password: userinfo(url.password),
      db: db === '' ? undefined : Number(db),
      tls: url.protocol === 'rediss:',
    };
  },
  showRedisUrl,
);

export function showRedisUrl(value: RedisUrl): string {
  const login = value.username !== undefined || value.password !== undefined ? `${MASK}@` : '';
  const db = value.db === undefined ? '' : `/${value.db}`;
  return `${value.tls ? 'rediss' : 'redis'}://${login}${showHostPort(value)}${db}`;
}

/** `host:port` pairs; the port may be left out. */
export function hostPorts(defaultPort: number): Kind<readonly HostPort[]> {
  const example = `redis-1:${defaultPort},redis-2:${defaultPort}`;
  const one: Kind<HostPort> = kind(
    'host:port',
    (text) => {
      if (text.includes('@') || text.includes('://')) {
        throw new BadValue(
          `write host:port pairs such as ${example}; user, password and TLS have variables of their own`,
        );
      }
      const match = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(\d{1,5}))?$/i.exec(text);
      const port = match?.[2] === undefined ? defaultPort : Number(match[2]);
      if (match?.[1] === undefined || port < 1 || port > 65_535) {
        throw new BadValue(`write host:port pairs such as ${example}`);
      }
      return { host: bareHost(match[1]), port };
    },
    showHostPort,
  );
  return listOf(one, 'host:port pairs, comma-separated');
}

/** Sockets want IPv6 addresses without the brackets that URLs need. */
function bareHost(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

export function showHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
