import type { OpenAPIHono } from '@hono/zod-openapi';
import { PROBLEMS } from './examples/problems.js';

export type ApiDocument = ReturnType<OpenAPIHono['getOpenAPI31Document']> & {
  /** OpenAPI 3.1 section 4.8.1; the library's type lacks it. */
  readonly jsonSchemaDialect: string;
};

const DESCRIPTION = [
  'Everything but the proxied API itself. Errors are RFC 9457 problems with a stable `code`.',
  'Paths marked “admin key” need `ADMIN_API_KEY`, as `X-API-Key` or `Authorization: Bearer`; while none is set they answer on the loopback interface only. `ADMIN_PORT` moves them to a listener of their own.',
  'HEAD works where GET does. The older names under `/api` and `/mapi` of health, status, stats, config, cache/* and upstream keep working, with the authorisation of the path they stand for. The method PURGE on any path purges that path.',
].join('\n\n');

/** In the order of the page. A test compares them with those of the routes. */
const TAGS = [
  { name: 'Health', description: 'For probes, load balancers and people: can it serve, and how well.' },
  { name: 'Statistics', description: 'What has happened since the start, for people and for Prometheus.' },
  { name: 'Configuration', description: 'What holds, where it came from, and why.' },
  { name: 'Cache', description: 'What is stored: look at it, purge it, fill it.' },
  { name: 'Clients', description: 'Who may ask the proxied API, and what they have used.' },
  { name: 'Cluster', description: 'Other nodes, the upstreams, and other regions.' },
  { name: 'Dashboard', description: 'All of this as a page, for people.' },
  { name: 'Description', description: 'This description, for programs and for people.' },
];

const SECURITY_SCHEMES = {
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'ADMIN_API_KEY' },
  bearer: { type: 'http', scheme: 'bearer', description: 'ADMIN_API_KEY' },
} as const;

/** What any operation may answer beside what it lists: a fault (500), a path that is on another port (404). */
const ANY_OTHER = {
  description: 'Any other failure: a fault of the proxy, or a path that has a port of its own here',
  content: {
    'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, example: PROBLEMS[500] },
  },
};

/** Told to the registry once, before any document is made. */
export function registerSecurity(app: OpenAPIHono): void {
  for (const [name, scheme] of Object.entries(SECURITY_SCHEMES))
    app.openAPIRegistry.registerComponent('securitySchemes', name, scheme);
}

/** The OpenAPI 3.1 document of everything that is registered by now. */
export function apiDocument(app: OpenAPIHono, version: string): ApiDocument {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'tmdb-cache-proxy management API',
      version,
      description: DESCRIPTION,
      license: { name: 'MIT', url: 'https://spdx.org/licenses/MIT' },
    },
    servers: [{ url: '/', description: 'This proxy' }],
    tags: TAGS,
    // Unless an operation says otherwise.
    security: [],
  });
  for (const item of Object.values(document.paths ?? {}))
    for (const operation of [item.get, item.post, item.put])
      if (operation?.responses !== undefined) operation.responses.default = ANY_OTHER;
  return { ...document, jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema' };
}
