import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MANAGEMENT_PATHS } from '../../../src/admin/paths.js';
import { adminApp, FakeManagement } from './fakes.js';

interface Operation {
  summary?: string;
  security?: unknown[];
  parameters?: { name: string; schema: Record<string, unknown> }[];
  requestBody?: object;
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

async function read(path: string): Promise<string> {
  return (await adminApp(new FakeManagement()).request(path)).text();
}

describe('/openapi.json', async () => {
  const document = JSON.parse(await read('/openapi.json')) as {
    openapi: string;
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, object>; securitySchemes: object };
  };

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
      for (const operation of Object.values(document.paths[path]!)) {
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
    expect(page).not.toMatch(/https?:|src=|url\(|@import|<script|<link|<img|<iframe|javascript:/i);
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
