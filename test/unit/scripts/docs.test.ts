import { describe, expect, it } from 'vitest';
import { withConformance } from '../../../scripts/conformance-tables.mjs';
import { checkFileNames } from '../../../scripts/docs/check-file-names.mjs';
import { checkLinks } from '../../../scripts/docs/check-links.mjs';
import { checkMetricNames } from '../../../scripts/docs/check-metric-names.mjs';
import { checkPathNames } from '../../../scripts/docs/check-path-names.mjs';
import { checkVariableNames } from '../../../scripts/docs/check-variable-names.mjs';

const document = (text: string) => new Map([['README.md', text]]);

describe('links of documents', () => {
  const links = (files: Record<string, string>, isThere = () => false) =>
    checkLinks(new Map(Object.entries(files)), isThere).complaints;

  it('lead to documents, files and headings', () => {
    const files = {
      'README.md':
        '[a](docs/a.md#two-words--more) [b](#here) ![c](c.png) [d](https://example.org/x.md)\n## Here',
      'docs/a.md': '# `Two` words – more\n[back](../README.md)',
    };
    expect(links(files, (path?: string) => path === 'c.png')).toEqual([]);
  });

  it.each([
    ['a file that is not there', '[a](missing.md)', 'leads nowhere'],
    ['a picture that is not there', '<img alt="" src="missing.png">', 'leads nowhere'],
    ['a heading that is not there', '[a](#missing)', 'has no such heading'],
    [
      'a comment in a block of code that looks like a heading',
      '[a](#comment)\n```sh\n# comment\n```',
      'heading',
    ],
  ])('are refused to %s', (_, text, fault) => {
    expect(links({ 'README.md': text })).toEqual([expect.stringContaining(fault)]);
  });

  it('number a heading that comes again', () => {
    expect(links({ 'README.md': '[a](#same) [b](#same-1)\n## Same\n## Same' })).toEqual([]);
    expect(links({ 'README.md': '[b](#same-2)\n## Same\n## Same' })).toHaveLength(1);
  });

  it('do not stand in code', () => {
    expect(links({ 'README.md': '`[a](missing.md)`\n```\n[b](missing.md)\n```' })).toEqual([]);
  });

  it('reach every document from README.md', () => {
    const files = { 'README.md': '[a](a.md)', 'a.md': '[b](b.md)', 'b.md': '', 'lost.md': '[a](a.md)' };
    expect(links(files)).toEqual(['lost.md: no link leads here from README.md']);
  });
});

describe('names of files in documents', () => {
  const complaints = (text: string) =>
    checkFileNames(document(text), (path) => ['src/cache/engine.ts', 'test/a.test.ts'].includes(path))
      .complaints;

  it('are there, named from the root or from src', () => {
    expect(
      complaints('`cache/engine.ts`, `src/cache/engine.ts`, `test/a.test.ts`, `engine.ts`, cache/none.ts'),
    ).toEqual([]);
  });

  it('are refused else', () => {
    expect(complaints('`cache/motor.ts`')).toEqual(['README.md: there is no file cache/motor.ts']);
  });
});

describe('names of variables in documents', () => {
  const known = new Set(['CHANGE_FEED_TTL', 'JSON_DISK_TTL', 'PORT', 'CACHE_DIR']);
  const complaints = (text: string) => checkVariableNames(document(text), known).complaints;

  it('are known to the program, one by one or several at once', () => {
    expect(
      complaints(
        '`JSON_DISK_TTL=1`, PORT=0, `CHANGE_FEED_*`, `…_DISK_TTL`, `JSON_…`, GET, NODE_EXTRA_CA_CERTS',
      ),
    ).toEqual([]);
  });

  it.each([
    'JSON_DISK_TTLS',
    '`JSON_TTL`',
    'PROT=80',
    '`CHANGE_FEET_*`',
    '`…_DISC_TTL`',
    'export CACHE_DIRECTORY',
  ])('are refused else: %s', (text) => {
    expect(complaints(text)).toHaveLength(1);
  });
});

describe('paths in documents', () => {
  const complaints = (text: string) => checkPathNames(document(text), (path) => path === '/stats').complaints;

  it('are those of the program, of the proxied API, or of somebody else', () => {
    expect(
      complaints(
        '`/stats`, `GET /stats?server=x`, `/3/movie/550`, `/data`, a/b, /nowhere, `/api/...`, `x/missing`',
      ),
    ).toEqual([]);
    expect(complaints('```sh\ncurl localhost:6635/stats -d @/some/file\n```')).toEqual([]);
  });

  it.each([
    '`/stat`',
    '`POST /stats/all`',
    '`curl localhost:6635/stat`',
    '```\ncurl http://proxy:6635/stat\n```',
  ])('are refused else: %s', (text) => {
    expect(complaints(text)).toHaveLength(1);
  });
});

describe('names of metrics in documents', () => {
  const exported = new Set(['tmdb_proxy_hits_total', 'tmdb_proxy_seconds', 'tmdb_proxy_tenant_hits_total']);
  const complaints = (text: string, path = 'docs/x.md') =>
    checkMetricNames(new Map([[path, text]]), exported).complaints;

  it('are exported, one by one, as parts of a histogram or several at once', () => {
    expect(
      complaints(
        '`tmdb_proxy_hits_total{tier}`, tmdb_proxy_seconds_bucket, `tmdb_proxy_tenant_*_total`, tmdb_proxy_*.',
      ),
    ).toEqual([]);
  });

  it.each(['tmdb_proxy_hit_total', '`tmdb_proxy_tenants_*`'])('are refused else: %s', (text) => {
    expect(complaints(text)).toHaveLength(1);
  });

  it('are all there where docs/metrics.md is', () => {
    expect(complaints('tmdb_proxy_hits_total tmdb_proxy_seconds', 'docs/metrics.md')).toEqual([
      expect.stringContaining('tmdb_proxy_tenant_hits_total is in no document'),
    ]);
  });
});

describe('the tables of conformance', () => {
  const results = {
    suite: '1',
    required: 10,
    optimal: 5,
    ours: [
      { name: 'memory', required: 9, optimal: 5, notRun: 0 },
      { name: 'disk', required: 8, optimal: 5, notRun: 0 },
    ],
    others: [{ name: 'nginx 1', required: 7, optimal: 4, notRun: 0 }],
  };

  it('show every mode, or in brief the one that reaches least', () => {
    const all = withConformance('<!-- conformance:all -->\nold\n<!-- /conformance -->', results);
    expect(all).toContain('| cache | required, of 10 | optimal, of 5 |');
    expect(all).toContain('| tmdb-cache-proxy, memory | 9 | 5 |');
    expect(all).toContain('| nginx 1 | 7 | 4 |');
    expect(all).not.toContain('old');
    const brief = withConformance('<!-- conformance:brief -->\n<!-- /conformance -->', results);
    expect(brief).toContain('| **tmdb-cache-proxy**, the least of 2 modes | 8 | 5 |');
    expect(brief).not.toContain('memory');
  });

  it('do not change when printed again', () => {
    const once = withConformance('a\n<!-- conformance:all -->\n<!-- /conformance -->\nb', results);
    expect(withConformance(once, results)).toBe(once);
  });
});
