import { endpoint, endpoints, exportUrl, forwardProxy } from '../addresses.js';
import { listOf } from '../kind.js';
import { duration, integer, oneOf, positiveNumber, tmdbCredential } from '../kinds.js';
import { optional, setting } from '../setting.js';

export const UPSTREAM_SETTINGS = {
  TMDB_API_KEY: optional({
    kind: listOf(tmdbCredential, 'v3 keys or v4 read tokens, comma-separated'),
    whenUnset: 'clients send their own',
    secret: 'all',
    reloadable: true,
    meaning: 'TMDB’s v3 key or v4 read access token, told apart by shape; several rotate.',
  }),
  TMDB_API_URLS: setting({
    kind: endpoints({ credentials: false, example: 'https://api.themoviedb.org' }),
    default: 'https://api.themoviedb.org,https://api.tmdb.org',
    meaning: 'Hosts of the API in order of preference, without `/3`.',
  }),
  TMDB_IMAGE_URLS: setting({
    kind: endpoints({ credentials: false, example: 'https://image.tmdb.org' }),
    default: 'https://image.tmdb.org',
    meaning: 'Hosts of the images in order of preference, without `/t/p`.',
  }),
  TMDB_EXPORT_URL: setting({
    kind: exportUrl,
    default: 'https://files.tmdb.org',
    meaning: 'Host of the daily exports: the only one that `POST /cache/warm` fetches a list from.',
  }),
  UPSTREAM_TYPE: setting({
    kind: oneOf(['tmdb', 'tmdb-api', 'tmdb-image', 'custom']),
    default: 'tmdb',
    meaning: 'What is cached: TMDB, its API alone, its images alone, or any one server.',
  }),
  UPSTREAM_SERVERS: optional({
    kind: endpoints({ credentials: true, example: 'http://origin.example.org:8080' }),
    whenUnset: 'required by `UPSTREAM_TYPE=custom`, refused otherwise',
    secret: 'login',
    meaning: 'Servers of a custom upstream in order of preference.',
  }),
  UPSTREAM_MAX_CONNECTIONS: setting({
    kind: positiveNumber,
    default: '20',
    reloadable: true,
    meaning: 'Connections to each host (TMDB allows 20 per address); fractions are rounded up.',
  }),
  UPSTREAM_RATE: setting({
    kind: positiveNumber,
    default: '40',
    reloadable: true,
    meaning: 'Requests per second to the origin (TMDB allows about 40).',
  }),
  REQUEST_TIMEOUT: setting({
    kind: duration('seconds', { zero: false }),
    default: '30',
    reloadable: true,
    meaning:
      'Longest silence of an origin, before its answer and within it; as long may JSON take to be whole.',
  }),
  MAX_RETRIES: setting({
    kind: integer(0, 10),
    default: '3',
    reloadable: true,
    meaning: 'Further attempts at a request that may safely be repeated.',
  }),
  MAX_FLIGHTS: setting({
    kind: integer(1, 1_000_000),
    default: '4096',
    reloadable: true,
    meaning:
      'Fetches that one process has under way or waiting, passed-through requests included; what would need a further one is answered 503, or with what is stored.',
  }),
  HEALTH_CHECK_INTERVAL: setting({
    kind: duration('seconds', { zero: true }),
    default: '30',
    meaning: 'Between checks of hosts that are being avoided; 0 checks by traffic alone.',
  }),
  HTTPS_PROXY: optional({
    kind: forwardProxy,
    aliases: ['https_proxy'],
    whenUnset: 'direct connections',
    secret: 'login',
    meaning: 'Forward proxy for `https://` origins.',
  }),
  PARENT_PROXY: optional({
    kind: endpoint({ credentials: true, example: 'https://proxy.example.org:6635' }),
    whenUnset: 'the origin is asked',
    secret: 'login',
    meaning: 'Another proxy of this kind that is asked instead of TMDB.',
  }),
};
