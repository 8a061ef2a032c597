import { createHash } from 'node:crypto';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { MANAGEMENT_PATHS } from '../../../src/admin/paths.js';
import { ApiContract, type ApiDocument, type Operation } from '../../support/api-contract.js';
import { adminApp, FakeManagement } from './fakes.js';

async function read(path: string): Promise<string> {
  return (await adminApp(new FakeManagement()).request(path)).text();
}

describe('/openapi.json', async () => {
  const document = JSON.parse(await read('/openapi.json')) as ApiDocument;
  const contract = new ApiContract(document);
  const operations = [...contract.operations()];

  it('is valid OpenAPI 3.1, in the dialect of JSON Schema 2020-12', async () => {
    expect(await new Validator().validate({ ...structuredClone(document) })).toEqual({ valid: true });
    expect(document.jsonSchemaDialect).toBe('https://json-schema.org/draft/2020-12/schema');
    const broken: Record<string, unknown> = { ...structuredClone(document) };
    broken.paths = { '/x': { get: { responses: { 200: {} } } } };
    expect(await new Validator().validate(broken)).toMatchObject({ valid: false });
  });

  it('names every operation once, and groups it under a tag that is explained', () => {
    const ids = operations.map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z][A-Za-z]+$/);
    const used = operations.flatMap(([, { tags }]) => tags);
    expect(new Set(document.tags.map(({ name }) => name))).toEqual(new Set(used));
    for (const { description } of document.tags) expect(description).toMatch(/\.$/);
  });

  it('has an example of every body and answer, each as its schema says', () => {
    for (const [name, operation] of operations) {
      const [, method, path] = /^(\S+) (\S+)$/.exec(name)!;
      const at = ['paths', path!, method!.toLowerCase()];
      const bodies = [
        { place: [...at, 'requestBody'], content: operation.requestBody?.content },
        ...Object.entries(operation.responses).map(([status, { content }]) => ({
          place: [...at, 'responses', status],
          content,
        })),
      ];
      for (const { place, content = {} } of bodies)
        for (const [type, { example }] of Object.entries(content)) {
          expect(example, `${place.join(' ')} ${type}`).toBeDefined();
          expect(contract.faultsAt([...place, 'content', type, 'schema'], example), place.join(' ')).toEqual(
            [],
          );
        }
      for (const parameter of operation.parameters ?? [])
        if ((parameter as { required?: boolean }).required) expect(parameter.example, name).toBeDefined();
    }
  });

  it('says of every operation what any other failure looks like', () => {
    for (const [name, { responses }] of operations)
      expect(Object.keys(responses.default?.content ?? {}), name).toEqual(['application/problem+json']);
  });

  it('is OpenAPI 3.1 and lists every path with its methods, and nothing else', () => {
    expect(document.openapi).toBe('3.1.0');
    const listed = Object.entries(document.paths).map(([path, item]) => [path, Object.keys(item)]);
    const expected = [...MANAGEMENT_PATHS].map(([path, { methods }]) => [
      path,
      methods.map((m) => m.toLowerCase()),
    ]);
    expect(listed.sort()).toEqual(expected.sort());
  });

  it('says who may use each path, and documents the refusals', () => {
    for (const [path, { access }] of MANAGEMENT_PATHS)
      for (const operation of Object.values<Operation>(document.paths[path]!)) {
        expect(operation.summary).toBeTruthy();
        expect(operation.security).toEqual(access === 'admin' ? [{ apiKey: [] }, { bearer: [] }] : undefined);
        const codes = Object.keys(operation.responses);
        expect(codes.some((code) => code === '200' || code === '202')).toBe(true);
        if (access === 'admin') expect(codes).toEqual(expect.arrayContaining(['401', '403', '429']));
        if ((operation.parameters?.length ?? 0) > 0 || operation.requestBody !== undefined)
          expect(operation.responses['400']).toBeDefined();
      }
    expect(Object.keys(document.components.securitySchemes)).toEqual(['apiKey', 'bearer']);
  });

  it('tells bounds and defaults', () => {
    const limit = document.paths['/cache/keys']!.get!.parameters!.find(({ name }) => name === 'limit');
    expect(limit!.schema).toMatchObject({ type: 'integer', minimum: 1, maximum: 1000, default: 100 });
    const type = document.paths['/cache/clear']!.post!.parameters!.find(({ name }) => name === 'type');
    expect(type!.schema).toMatchObject({ enum: ['all', 'memory', 'l2', 'disk', 'redis'], default: 'all' });
  });

  it('refers to nothing that is not there', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
    expect(refs.length).toBeGreaterThan(10);
    for (const [, name] of refs) expect(document.components.schemas).toHaveProperty(name!);
  });
});

describe('/docs', async () => {
  const page = await read('/docs');

  it('needs nothing from elsewhere and runs nothing', () => {
    expect(page).not.toMatch(
      /(?:href|src|action)="https?:|src=|url\(|@import|<script|<link|<img|<iframe|javascript:/i,
    );
    const targets = [...page.matchAll(/href="([^"]*)"/g)].map(([, target]) => target!);
    for (const target of targets) expect(target).toMatch(/^(#|\/openapi\.json$)/);
  });

  it('has a policy under which its own style alone works', async () => {
    const response = await adminApp(new FakeManagement()).request('/docs');
    const policy = response.headers.get('content-security-policy')!;
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)![1]!;
    expect(policy).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(page).not.toMatch(/ style="/);
    expect(response.headers.get('content-type')).toMatch(/^text\/html; charset=utf-8$/i);
  });

  it('shows every path, readable on a phone, in light and dark', () => {
    for (const path of MANAGEMENT_PATHS.keys()) expect(page).toContain(`<code>${path}</code>`);
    expect(page).toContain('width=device-width');
    expect(page).toContain('prefers-color-scheme:dark');
    expect(page).toContain('<code>next_cursor</code>');
    expect(page).not.toContain('[object');
    expect(page).not.toContain('undefined');
  });
});
