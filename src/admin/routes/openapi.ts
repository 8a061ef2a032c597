import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { html } from 'hono/html';
import { DOCS_CSP, docsPage } from '../docs-page.js';
import { json, type RouteParts } from './parts.js';

const document = createRoute({
  method: 'get',
  path: '/openapi.json',
  tags: ['Description'],
  summary: 'This description (OpenAPI 3.1)',
  responses: { 200: json(z.object({ openapi: z.string() }), 'The document') },
});

const docs = createRoute({
  method: 'get',
  path: '/docs',
  tags: ['Description'],
  summary: 'The same as a page, without anything from elsewhere',
  responses: { 200: { description: 'HTML', content: { 'text/html': { schema: z.string() } } } },
});

const DESCRIPTION = [
  'Everything but the proxied API itself. Errors are RFC 9457 problems with a stable `code`.',
  'Paths marked with a lock need ADMIN_API_KEY, as X-API-Key or Authorization: Bearer; while none is set they answer on the loopback interface only. ADMIN_PORT moves them to a listener of their own.',
  'HEAD works where GET does. The older names under /api and /mapi of health, status, stats, config, cache/* and upstream keep working, with the authorisation of the path they stand for.',
].join('\n\n');

export type ApiDocument = ReturnType<OpenAPIHono['getOpenAPI31Document']>;

/** Call it after every other family: the document holds what is registered when it is first asked for. */
export function openapiRoutes({ app, version }: RouteParts): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' });

  let made: ApiDocument | undefined;
  const describe = (): ApiDocument => {
    made ??= app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: {
        title: 'tmdb-cache-proxy management API',
        version,
        description: DESCRIPTION,
        license: { name: 'MIT' },
      },
      servers: [{ url: '/', description: 'This proxy' }],
    });
    return made;
  };
  app.openapi(document, (c) => c.json(describe() as { openapi: string }, 200));

  let page: Promise<string> | undefined;
  app.openapi(docs, async (c) => {
    page ??= Promise.resolve(html`${docsPage(describe())}`).then(String);
    c.header('content-security-policy', DOCS_CSP);
    return c.html(await page);
  });
}
