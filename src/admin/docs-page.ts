import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';
import type { ApiDocument } from './api-document.js';
import { curlOf, exampleOf, printedExample } from './docs-example.js';
import { DOCS_STYLE } from './docs-style.js';

type Html = ReturnType<typeof html>;
type Json = Readonly<Record<string, unknown>>;

const hash = createHash('sha256').update(DOCS_STYLE).digest('base64');

/** The page's own style and nothing else: no script, no image, no frame, no connection. */
export const DOCS_CSP = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** How deep schemas are unfolded. */
const MAX_DEPTH = 6;

interface Operation {
  readonly path: string;
  readonly method: string;
  readonly detail: Json;
}

/** `/docs`: the OpenAPI document as one page that needs nothing from elsewhere, not even a script. */
export function docsPage(document: ApiDocument): Html {
  const operations = operationsOf(document);
  const tags = [...new Set(operations.map(tagOf))];
  const lookUp = (ref: string) => resolve(document as unknown as Json, ref);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${document.info.title}</title>
<style>${raw(DOCS_STYLE)}</style>
</head>
<body>
<header>
<h1>${document.info.title} <small>${document.info.version}</small></h1>
${paragraphs(document.info.description)}
<p><a href="/openapi.json">openapi.json</a></p>
</header>
<nav aria-label="Sections">${tags.map((tag) => html`<a href="#${slug(tag)}">${tag}</a> `)}</nav>
<main>
${tags.map(
  (tag) => html`<section id="${slug(tag)}"><h2>${tag}</h2>
${paragraphs(document.tags?.find(({ name }) => name === tag)?.description)}
${operations.filter((operation) => tagOf(operation) === tag).map((operation) => article(operation, lookUp))}
</section>`,
)}
</main>
</body>
</html>`;
}

function article({ path, method, detail }: Operation, lookUp: (ref: string) => Json): Html {
  const locked = detail.security !== undefined;
  const body = media((detail.requestBody ?? {}) as Json);
  const parameters = (detail.parameters ?? []) as Json[];
  const responses = Object.entries((detail.responses ?? {}) as Record<string, Json>);
  return html`<details id="${detail.operationId as string}"><summary><b class="${method}">${method.toUpperCase()}</b> <code>${path}</code>
<span>${withCode(detail.summary as string)}</span>
${locked ? html`<em title="Needs ADMIN_API_KEY">admin key</em>` : ''}</summary>
${paragraphs(detail.description as string | undefined)}
<pre tabindex="0">${curlOf(method, path, detail)}</pre>
${parameters.length === 0 ? '' : html`<h3>Parameters</h3><ul>${parameters.map((item) => parameter(item, lookUp))}</ul>`}
${body === undefined ? '' : html`<h3>Body</h3>${schema(body, lookUp, 0)}`}
<h3>Answers</h3>
<ul>${responses.map(([status, response]) => {
    const content = media(response);
    return html`<li><code>${status}</code> ${withCode(response.description as string)}
${content === undefined || !/^[123]/.test(status) ? '' : html`${schema(content, lookUp, 0)}${example(response)}`}</li>`;
  })}</ul>
</details>`;
}

function example(response: Json): Html | string {
  const shown = exampleOf(response);
  if (shown === undefined) return '';
  return html`<details class="example"><summary>Example</summary><pre tabindex="0">${printedExample(shown)}</pre></details>`;
}

function parameter(item: Json, lookUp: (ref: string) => Json): Html {
  const of = (item.schema ?? {}) as Json;
  const text = (item.description ?? of.description ?? '') as string;
  return html`<li><code>${item.name as string}</code>${item.required === true ? ' (required)' : ''}
<i>${typeName(of, lookUp)}${facts(of)}</i> ${withCode(text)}</li>`;
}

/** Members of an object, unfolded; anything else by its type alone. */
function schema(given: Json, lookUp: (ref: string) => Json, depth: number): Html | string {
  const of = follow(given, lookUp);
  const inner = of.type === 'array' ? follow((of.items ?? {}) as Json, lookUp) : of;
  const members = Object.entries((inner.properties ?? {}) as Record<string, Json>);
  if (members.length === 0 || depth >= MAX_DEPTH) return '';
  return html`<ul>${members.map(
    ([name, member]) => html`<li><code>${name}</code> <i>${typeName(member, lookUp)}${facts(member)}</i>
${withCode((member.description ?? '') as string)}${schema(member, lookUp, depth + 1)}</li>`,
  )}</ul>`;
}

function typeName(given: Json, lookUp: (ref: string) => Json): string {
  const of = follow(given, lookUp);
  const variants = (of.anyOf ?? of.oneOf) as Json[] | undefined;
  if (variants !== undefined) return variants.map((variant) => typeName(variant, lookUp)).join(' or ');
  if (Array.isArray(of.enum)) return of.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (of.type === 'array') return `${typeName((of.items ?? {}) as Json, lookUp)}[]`;
  return Array.isArray(of.type) ? of.type.join(' or ') : String(of.type ?? 'any');
}

function facts(of: Json): string {
  const format = of.format === undefined ? '' : `, ${of.format}`;
  const range = of.minimum === undefined ? format : `, ${of.minimum} to ${of.maximum}`;
  return of.default === undefined ? range : `${range}, default ${JSON.stringify(of.default)}`;
}

function follow(of: Json, lookUp: (ref: string) => Json): Json {
  return typeof of.$ref === 'string' ? lookUp(of.$ref) : of;
}

function resolve(document: Json, ref: string): Json {
  let place: unknown = document;
  for (const part of ref.replace(/^#\//, '').split('/')) place = (place as Json | undefined)?.[part];
  return (place ?? {}) as Json;
}

function operationsOf(document: ApiDocument): Operation[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Json>).map(([method, detail]) => ({ path, method, detail })),
  );
}

function media(holder: Json): Json | undefined {
  const content = holder.content as Record<string, { schema?: Json }> | undefined;
  return content === undefined ? undefined : Object.values(content)[0]?.schema;
}

function paragraphs(text: string | undefined): Html[] {
  return (text ?? '')
    .split('\n\n')
    .filter((part) => part !== '')
    .map((part) => html`<p>${withCode(part)}</p>`);
}

/** Backticks are the one piece of Markdown that the descriptions have. */
function withCode(text: string): (Html | string)[] {
  return text.split('`').map((part, at) => (at % 2 === 0 ? part : html`<code>${part}</code>`));
}

function tagOf(operation: Operation): string {
  return ((operation.detail.tags ?? []) as string[])[0] ?? 'Other';
}

function slug(tag: string): string {
  return tag.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}
