import type { Mistakes } from './config-error.js';
import { SETTING_NAMES, SETTINGS } from './settings/index.js';
import { closest, editDistance } from './similarity.js';
import { fileVariable, type Layer, spellings } from './sources.js';

/** All that may be set: names, old names, and the `NAME_FILE` of both. */
const ACCEPTED: ReadonlySet<string> = new Set(
  SETTING_NAMES.flatMap((name) => {
    const names = spellings(name);
    return fileVariable(name) === undefined
      ? names
      : [...names, ...names.map((spelling) => `${spelling}_FILE`)];
  }),
);

/** A variable that begins so was meant for us. */
const OUR_PREFIXES = [
  'TMDB_',
  'UPSTREAM_',
  'REDIS_',
  'BUS_REDIS',
  'CACHE_',
  'MEMORY_',
  'DISK_',
  'JSON_',
  'SEARCH_',
  'IMAGE_',
  'STALE_',
  'WARM_',
  'CHANGE_FEED',
  'PROXY_KEY',
  'PEER_PROX',
  'PARENT_PROX',
  'SHUTDOWN_',
  'USE_REDIS',
  'USE_DISK',
];

/** Others' variables that look like ours. */
const FOREIGN = [
  // Kubernetes' and Docker's service links. A service called `redis` makes all of these.
  /_SERVICE_HOST$/,
  /_SERVICE_PORT(_|$)/,
  /_PORT_\d+_(TCP|UDP|SCTP)(_|$)/,
  /_ENV_/,
  // systemd: CacheDirectory= and memory pressure.
  /^CACHE_DIRECTORY$/,
  /^MEMORY_PRESSURE_/,
  // Names that CI and image builds give to the image they made, and Redis' own image.
  /^IMAGE_(NAME|TAG|VERSION|DIGEST|ID|REPO|REPOSITORY|REGISTRY|SHA)$/,
  /^REDIS_(VERSION|DOWNLOAD_\w+)$/,
  // Heroku adds this to REDIS_URL and offers no way to leave it out.
  /^REDIS_TLS_URL$/,
  // One letter away from HTTPS_PROXY, SERVER_ID.
  /^(HTTP|ALL|NO|FTP)_PROXY$/,
  /^SERVER_IP$/,
  // Ours, between the processes of one installation; and the links of a service called tmdb-cache-proxy.
  /^TMDB_CACHE_PROXY_/,
];

/** What people mean by names that resemble none of ours. */
const MEANT: Readonly<Record<string, string>> = {
  REDIS_HOST: 'REDIS_URL=redis://host:6379',
  REDIS_PORT: 'REDIS_URL=redis://host:6379',
  REDIS_ADDR: 'REDIS_URL=redis://host:6379',
  REDIS_ADDRESS: 'REDIS_URL=redis://host:6379',
  TMDB_TOKEN: 'TMDB_API_KEY',
  TMDB_ACCESS_TOKEN: 'TMDB_API_KEY',
  TMDB_READ_ACCESS_TOKEN: 'TMDB_API_KEY',
  TMDB_BEARER_TOKEN: 'TMDB_API_KEY',
  TMDB_KEY: 'TMDB_API_KEY',
  TMDB_URL: 'TMDB_API_URLS',
  TMDB_BASE_URL: 'TMDB_API_URLS',
  CACHE_TTL: 'JSON_DISK_TTL and IMAGE_DISK_TTL',
  CACHE_SIZE: 'MEMORY_CACHE_BYTES and DISK_CACHE_BYTES',
  CACHE_BYTES: 'MEMORY_CACHE_BYTES and DISK_CACHE_BYTES',
};

/** Shorter names are one letter away from too many others (`HOST`, `PORT`). */
const SHORTEST_FUZZY = 7;

/** Tells of every variable that was meant for us and is not one. */
export function reportUnknown(layers: readonly Layer[], mistakes: Mistakes): void {
  for (const layer of layers) {
    for (const [name, value] of layer.values) {
      if (ACCEPTED.has(name)) continue;
      // Nobody but us reads the file of --config; the environment and .env are shared with others.
      const ours = layer.kind === 'config' || (looksLikeOurs(name) && !isForeign(name, value));
      if (ours) mistakes.add(name, `is not a variable of this program (${layer.label}); ${suggestion(name)}`);
    }
  }
}

/**
 * Layers without the service links that happen to have our names: a Kubernetes service called `metrics` sets
 * `METRICS_PORT=tcp://…` in every container. Its companions tell it from a mistake.
 */
export function withoutServiceLinks(layers: readonly Layer[]): Layer[] {
  return layers.map((layer) => {
    if (layer.kind !== 'env') return layer;
    const values = [...layer.values].filter(([name, value]) => {
      if (!isLinkAddress(name, value)) return true;
      const service = name.slice(0, -'_PORT'.length);
      const port = /:(\d+)$/.exec(value)?.[1] ?? '';
      return !layer.values.has(`${service}_SERVICE_HOST`) && !layer.values.has(`${name}_${port}_TCP`);
    });
    return { ...layer, values: new Map(values) };
  });
}

function isLinkAddress(name: string, value: string): boolean {
  return name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value);
}

function isForeign(name: string, value: string): boolean {
  if (FOREIGN.some((pattern) => pattern.test(name))) return true;
  // Links again: REDIS_PORT=tcp://10.0.0.1:6379 and Docker's REDIS_NAME=/web/redis.
  return isLinkAddress(name, value) || (name.endsWith('_NAME') && value.startsWith('/'));
}

function looksLikeOurs(name: string): boolean {
  if (OUR_PREFIXES.some((prefix) => name.startsWith(prefix))) return true;
  // Lower-case names of ours; but not `host` and `port`, which are anybody's.
  if (name !== name.toUpperCase()) return name.includes('_') && name.toUpperCase() in SETTINGS;
  return SETTING_NAMES.some((known) => {
    if (known.length < SHORTEST_FUZZY || Math.abs(known.length - name.length) > 2) return false;
    return editDistance(name, known) <= (known.length >= 10 ? 2 : 1);
  });
}

function suggestion(name: string): string {
  const upper = name.toUpperCase();
  const meant = upper in SETTINGS ? upper : (MEANT[upper] ?? closest(upper, ACCEPTED));
  return meant === undefined ? 'docs/configuration.md lists all there are' : `did you mean ${meant}?`;
}
