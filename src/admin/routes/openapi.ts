import { createRoute, z } from '@hono/zod-openapi';
import { html } from 'hono/html';
import { type ApiDocument, apiDocument, registerSecurity } from '../api-document.js';
import { DOCS_CSP, docsPage } from '../docs-page.js';
import { json, type RouteParts } from './parts.js';

const document = createRoute({
  method: 'get',
  path: '/openapi.json',
  operationId: 'getDescription',
  tags: ['Description'],
  summary: 'This description (OpenAPI 3.1)',
  responses: {
    200: json(z.looseObject({ openapi: z.literal('3.1.0') }), 'The document', {
      openapi: '3.1.0',
      info: { title: 'tmdb-cache-proxy management API' },
      paths: {},
    }),
  },
});

const docs = createRoute({
  method: 'get',
  path: '/docs',
  operationId: 'getDocs',
  tags: ['Description'],
  summary: 'The same as a page, without anything from elsewhere',
  responses: {
    200: {
      description: 'HTML',
      content: { 'text/html': { schema: z.string(), example: '<!doctype html>' } },
    },
  },
});

/** Call it after every other family: the document holds what is registered when it is first asked for. */
export function openapiRoutes({ app, version }: RouteParts): void {
  registerSecurity(app);
  let made: ApiDocument | undefined;
  const describe = (): ApiDocument => {
    made ??= apiDocument(app, version);
    return made;
  };
  app.openapi(document, (c) => c.json(describe() as { openapi: '3.1.0' }, 200));

  let page: Promise<string> | undefined;
  app.openapi(docs, async (c) => {
    page ??= Promise.resolve(html`${docsPage(describe())}`).then(String);
    c.header('content-security-policy', DOCS_CSP);
    return c.html(await page);
  });
}
