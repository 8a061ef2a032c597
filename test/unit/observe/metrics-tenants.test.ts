import { describe, expect, it } from 'vitest';
import { CollectedMetrics } from '../../../src/observe/metrics-collected.js';
import { mergeMetrics } from '../../../src/observe/metrics-merge.js';
import { type TenantFigures, tenantsMetrics } from '../../../src/observe/metrics-tenants.js';

async function text(figures: TenantFigures | undefined): Promise<string> {
  const metrics = new CollectedMetrics();
  tenantsMetrics(metrics, 'tmdb_proxy_', () => figures);
  return mergeMetrics([metrics.json()]);
}
const usage = (tenant: string, requests: number) => ({
  tenant,
  requests,
  hits: requests - 1,
  originRequests: 1,
  bytes: 10 * requests,
  refused: 0,
});

describe('metrics of tenants', () => {
  it('are a series each', async () => {
    const shown = await text({ usage: [usage('alice', 3), usage('bob', 5)], keys: 2, fileIsGood: false });
    expect(shown).toContain('tmdb_proxy_tenant_requests_total{tenant="alice"} 3');
    expect(shown).toContain('tmdb_proxy_tenant_hits_total{tenant="bob"} 4');
    expect(shown).toContain('tmdb_proxy_tenant_bytes_total{tenant="bob"} 50');
    expect(shown).toContain('tmdb_proxy_proxy_keys 2');
    expect(shown).toContain('tmdb_proxy_proxy_keys_file_good 0');
  });

  it('are 200 series at most: what is more is one together', async () => {
    const many = Array.from({ length: 250 }, (_, i) => usage(`t${i}`, 2));
    const lines = (await text({ usage: many, keys: 250, fileIsGood: true }))
      .split('\n')
      .filter((line) => line.startsWith('tmdb_proxy_tenant_requests_total{'));
    expect(lines).toHaveLength(201);
    expect(lines).toContain('tmdb_proxy_tenant_requests_total{tenant="other"} 100');
  });

  it('are none where everybody may read them', async () => {
    const open = await text({ fileIsGood: false });
    // Whether the file of keys is good names nobody, and an alert wants to know it.
    expect(open.split('\n').filter((line) => /^tmdb/.test(line))).toEqual([
      'tmdb_proxy_proxy_keys_file_good 0',
    ]);
    expect((await text(undefined)).split('\n').filter((line) => /^tmdb/.test(line))).toEqual([]);
  });
});
