/**
 * Arrows point one way (docs/architecture.md). Checked on the built output, because dependency-cruiser cannot read
 * TypeScript without its compiler API; the build keeps folder and file names.
 */
const only = (from, allowed, comment) => ({
  name: `${from}-imports`,
  comment,
  severity: 'error',
  from: { path: `^dist/${from}/` },
  to: { path: '^dist/', pathNot: [`^dist/${from}/`, ...allowed.map((path) => `^dist/${path}`)] },
});
const BASE = [
  'errors\\.js$',
  'clock\\.js$',
  'deadline\\.js$',
  'memo\\.js$',
  'pace\\.js$',
  'redact/',
  'figures\\.js$',
  'once\\.js$',
];
const HTTP = 'http/';

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    only('http', [], 'pure functions of the RFCs know nothing of this program'),
    only('redis', BASE, 'the client and what lies in Redis know nothing of caching'),
    only('tiers', [...BASE, HTTP, 'redis/'], 'a place entries live judges neither freshness nor purges'),
    only('origin', [...BASE, HTTP], 'asking an upstream has nothing to do with caching'),
    only(
      'cache',
      [...BASE, HTTP, 'tiers/(tier|entry|memory|compact)\\.js$', 'origin/source\\.js$'],
      'the engine knows seams only',
    ),
    only('tmdb', [...BASE, HTTP, 'cache/site\\.js$'], 'a site policy implements the interface, no more'),
    only('generic', [...BASE, HTTP, 'cache/site\\.js$'], 'a site policy implements the interface, no more'),
    only('config', BASE, 'the configuration knows nothing of what it configures'),
    only(
      'feed',
      [
        ...BASE,
        HTTP,
        'cache/(site|coverage|purge-table)\\.js$',
        'origin/source\\.js$',
        'redis/(keys|link|feed-store)\\.js$',
        'tiers/(tier|entry)\\.js$',
      ],
      'what has changed at the origin is told to the cache as purges and lifetimes, no more',
    ),
    only(
      'tenants',
      [...BASE, HTTP, 'redis/(keys|link|tenant-store)\\.js$'],
      'who may ask, and how much, is decided before anything is looked up',
    ),
    only(
      'warm',
      [
        ...BASE,
        HTTP,
        'cache/(site|engine|lookup|fill|purge-table|reusable)\\.js$',
        'origin/source\\.js$',
        'tiers/entry\\.js$',
        'tmdb/web-address\\.js$',
      ],
      'warm-up is a client of the engine behind all others',
    ),
    only(
      'keyring',
      [...BASE, HTTP, 'origin/(source|origin)\\.js$', 'cache/peek\\.js$'],
      'which key is used is decided at the edge to the origin',
    ),
    only(
      'check',
      [
        ...BASE,
        HTTP,
        'config/',
        'redis/',
        'origin/',
        'keyring/',
        'tenants/',
        'tiers/disk',
        'cluster/peers\\.js$',
      ],
      'a check tries what the configuration names and starts nothing',
    ),
    only(
      'cli',
      [
        ...BASE,
        'config/',
        'cache/outcome\\.js$',
        'warm/(access-log|addresses|export-client|export-list|job|lines|target)\\.js$',
      ],
      'what commands share asks a running proxy from outside',
    ),
    only(
      'dashboard',
      [
        ...BASE,
        HTTP,
        'admin/(answers/.*|auth|credentials|event-stream|json-body|management|paths|problem|query|routes/cache-purge)\\.js$',
        'observe/metrics-histogram\\.js$',
        'cache/outcome\\.js$',
        'tiers/tier\\.js$',
      ],
      'pages show what management answers, and ask it for everything',
    ),
    only('demo', [], "the sample origin stands for somebody else's server"),
    {
      name: 'composition',
      comment:
        'what constructs concrete classes is the files beside the folders; no folder reaches back to them',
      severity: 'error',
      from: { path: '^dist/[^/]+/' },
      to: {
        path: '^dist/[^/]+\\.js$',
        pathNot: '^dist/((errors|clock|deadline|memo|pace|figures|once|version)\\.js$|redact/)',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['node_modules', '^dist/(main|part-[^/]*)\\.js$', '^dist/dashboard-client/'] },
  },
};
