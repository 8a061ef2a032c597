import { publicUrl } from '../addresses.js';
import { LOG_LEVELS } from '../config.js';
import { boolean, duration, integer, oneOf, text, trustProxy } from '../kinds.js';
import { optional, setting } from '../setting.js';

/** Fits a header, a metric label and a Redis key without escaping. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export const SERVER_SETTINGS = {
  HOST: optional({
    kind: text('a host name or an IP address', /^[A-Za-z0-9_.:%-]+$/),
    whenUnset: 'all interfaces, IPv6 and IPv4',
    meaning: 'Address to listen on.',
  }),
  PORT: setting({
    kind: integer(0, 65_535),
    default: '6635',
    meaning: 'Port of the API, the images and, without `ADMIN_PORT`, management; 0 takes any free port.',
  }),
  WORKERS: optional({
    kind: integer(1, 1024),
    whenUnset: 'derived: one per available core',
    meaning: 'Worker processes, each with an L1 of its own.',
  }),
  ADMIN_PORT: optional({
    kind: integer(0, 65_535),
    whenUnset: 'on `PORT`',
    meaning: 'Moves the management paths to a listener of their own.',
  }),
  METRICS_PORT: optional({
    kind: integer(0, 65_535),
    whenUnset: 'on `PORT`',
    meaning: 'Moves `/metrics` to a listener of its own.',
  }),
  LOG_LEVEL: setting({
    kind: oneOf(LOG_LEVELS),
    default: 'info',
    reloadable: true,
    meaning: 'Least severe log lines that are written.',
  }),
  SERVER_ID: optional({
    kind: text('letters, digits, dots, dashes and underscores, at most 128', NAME),
    whenUnset: 'derived: `tmdb-cache-proxy-<hostname>-<random>`',
    meaning: 'Name of this node in answers, logs and the cluster; must differ between nodes.',
  }),
  REGION: setting({
    kind: text('letters, digits, dots, dashes and underscores, at most 128', NAME),
    default: 'default',
    meaning: 'Name of the region this node belongs to.',
  }),
  TRUST_PROXY: setting({
    kind: trustProxy,
    default: 'false',
    meaning:
      'Whose `X-Forwarded-*` to believe: nobody’s, everybody’s, that many hops, or these addresses and networks (`loopback`, `10.0.0.0/8`).',
  }),
  PUBLIC_URL: optional({
    kind: publicUrl,
    whenUnset:
      'answers of `/3/configuration` stay as TMDB sent them, unless a proxy named in `TRUST_PROXY` says where it was asked',
    meaning: 'Where clients reach this proxy.',
  }),
  SHUTDOWN_DELAY: setting({
    kind: duration('seconds', { zero: true }),
    default: '0',
    meaning: 'Between turning not ready and closing the listener; give a load balancer time to notice.',
  }),
  SHUTDOWN_TIMEOUT: setting({
    kind: duration('seconds', { zero: false }),
    default: '25',
    meaning: 'How long a stopping node waits for requests in flight.',
  }),
  MAX_CONNECTIONS: setting({
    kind: integer(1, 1_000_000),
    default: '10000',
    reloadable: true,
    meaning:
      'Connections of clients to one process on each port; further ones are answered 503 and closed. The limit of open files (`ulimit -n`) should be at least three times that.',
  }),
  MAX_CONNECTIONS_PER_CLIENT: setting({
    kind: integer(0, 1_000_000),
    default: '2000',
    reloadable: true,
    meaning:
      'Of these from one address (IPv6: one /64); further ones are answered 429 and closed. Proxies in `TRUST_PROXY` have no such bound; 0: nobody has.',
  }),
  MAX_REQUESTS: setting({
    kind: integer(1, 1_000_000),
    default: '20000',
    reloadable: true,
    meaning: 'Requests of clients that one process has under way; further ones are answered 503.',
  }),
  FAST_PATH: setting({
    kind: boolean,
    default: 'true',
    meaning: 'Answers hot hits on the socket, before the HTTP parser. The answers are the same.',
  }),
  LOG_HITS: setting({
    kind: integer(0, 1_000_000),
    default: '100',
    reloadable: true,
    meaning:
      'Hits that get a line in the access log per second and process; the next line tells how many `hits` it stands for, and one at the end of the process tells the rest.',
  }),
  LOG_LINES: setting({
    kind: integer(1, 1_000_000),
    default: '1000',
    reloadable: true,
    meaning:
      'Most lines per second and process, of errors, of warnings and of the rest each; a line then tells how many were left out. `fatal` is always written.',
  }),
};
