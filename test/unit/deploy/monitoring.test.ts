import { describe, expect, it } from 'vitest';
import { LABELS, metricHeads } from '../../../src/observe/metrics-docs.js';
import { processHeads } from '../../../src/observe/metrics-process.js';
import { namesOf } from '../../support/promql.js';
import { ALERTS, DASHBOARD, OPERATIONS, QUERIES } from './monitoring-files.js';

const heads = [...metricHeads(), ...(await processHeads())];
/** Labels of each series by its name, as it is scraped. */
const series = new Map(
  heads.flatMap(({ name, type, labels = [] }): [string, readonly string[]][] =>
    type === 'histogram'
      ? [
          [`${name}_bucket`, [...labels, 'le']],
          [`${name}_sum`, labels],
          [`${name}_count`, labels],
        ]
      : [[name, labels]],
  ),
);
/** Prometheus puts these on everything it scrapes. */
const TARGET = ['instance', 'job'];

describe('what alerts and dashboard ask', () => {
  it('there are queries to check', () => {
    expect(ALERTS.length).toBeGreaterThan(20);
    expect(QUERIES.length).toBeGreaterThan(100);
  });

  it.each(QUERIES)('%s: every metric and label of its query exists: %s', (_where, expression) => {
    const { metrics, grouping } = namesOf(expression);
    expect(metrics.length).toBeGreaterThan(0);
    for (const { name, labels } of metrics) {
      expect([...series.keys()]).toContain(name);
      for (const label of labels) expect([...TARGET, ...series.get(name)!]).toContain(label);
    }
    const known = metrics.flatMap(({ name }) => series.get(name)!);
    for (const label of grouping) expect([...TARGET, ...known]).toContain(label);
  });

  it.each(QUERIES)(
    '%s takes a rate of counters and histograms only, and of nothing else: %s',
    (_where, expression) => {
      const rated = [...expression.matchAll(/(?:rate|increase)\(\s*([a-z0-9_]+)/g)].map(([, name]) => name!);
      for (const name of rated) {
        const type = heads.find((head) => name === head.name || name.startsWith(`${head.name}_`))?.type;
        expect([name, type]).toEqual([name, name.endsWith('_total') ? 'counter' : 'histogram']);
      }
      const { metrics } = namesOf(expression);
      const counters = metrics.filter(({ name }) => /_(?:total|bucket|sum|count)$/.test(name));
      expect(counters).toHaveLength(rated.length);
    },
  );

  it('the reader of expressions sees what is there', () => {
    expect(
      namesOf('sum by (a, b) (rate(m_total{x="{y}",z=~"c|d"}[5m])) / on (i) group_left (k) n > 0.5'),
    ).toEqual({
      metrics: [
        { name: 'm_total', labels: ['x', 'z'] },
        { name: 'n', labels: [] },
      ],
      grouping: ['a', 'b', 'i', 'k'],
    });
    expect(
      namesOf('topk(10, sum(m)) by (a) and absent(o) offset 5m').metrics.map(({ name }) => name),
    ).toEqual(['m', 'o']);
    expect(() => namesOf('rate(m[5m]')).toThrow('unbalanced');
  });
});

describe('an alert', () => {
  it.each(ALERTS)('$alert waits, has a severity, a summary, and a section that says what to do', (alert) => {
    expect(alert.alert).toMatch(/^TmdbProxy[A-Z][A-Za-z0-9]+$/);
    expect(alert.for).toMatch(/^\d+[mh]$/);
    expect(['critical', 'warning', 'info']).toContain(alert.labels.severity);
    expect(alert.annotations.summary).toMatch(/\.$/);
    expect(alert.annotations.runbook).toBe(`docs/operations.md#${alert.alert.toLowerCase()}`);
    const section = OPERATIONS.split(`\n### ${alert.alert}\n`)[1]?.split('\n#')[0] ?? '';
    expect(section.trim().length).toBeGreaterThan(80);
  });

  it.each(ALERTS)(
    '$alert names in its summary only labels that its query leaves',
    ({ expr, annotations }) => {
      const named = [...annotations.summary.matchAll(/\$labels\.([a-z_]+)/g)].map(([, label]) => label!);
      const { metrics, grouping } = namesOf(expr);
      const left =
        grouping.length > 0 && / by \(|^sum by/.test(expr)
          ? grouping
          : metrics.flatMap(({ name }) => series.get(name)!);
      for (const label of named) expect([...left, 'instance']).toContain(label);
    },
  );

  it('has a name of its own, and no section is about one that is gone', () => {
    const names = ALERTS.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
    const sections = [...OPERATIONS.matchAll(/^### (TmdbProxy\w+)$/gm)].map(([, name]) => name);
    expect([...sections].sort()).toEqual([...names].sort());
  });
});

describe('the dashboard', () => {
  const { panels, templating } = DASHBOARD;
  const graphs = panels.filter(({ type }) => type !== 'row');

  it('imports anywhere: its datasource, region and node are chosen, none is written down', () => {
    expect(templating.list.map(({ name, type }) => [name, type])).toEqual([
      ['DS_PROMETHEUS', 'datasource'],
      ['region', 'query'],
      ['instance', 'query'],
    ]);
    for (const { datasource, targets = [] } of graphs)
      for (const uid of [datasource?.uid, ...targets.map((target) => target.datasource.uid)])
        expect(uid).toBe(`\${DS_PROMETHEUS}`);
    for (const { query } of templating.list) {
      if (typeof query === 'string') continue;
      const [, name, label] =
        /^label_values\((\w+)(?:\{region=~"\$region"\})?, (\w+)\)$/.exec(query.query) ?? [];
      expect([...TARGET, ...(series.get(name!) ?? [])]).toContain(label);
    }
  });

  it('has its rows, and panels that do not lie on each other', () => {
    expect(panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual([
      'Traffic',
      'Tiers',
      'Origin',
      'Cluster',
      'Change feed and warm-up',
      'Tenants',
      'Process',
    ]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const { gridPos } of panels)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(x).toBeLessThan(24);
          expect(taken.has(`${x} ${y}`)).toBe(false);
          taken.add(`${x} ${y}`);
        }
  });

  it('every query keeps to the chosen nodes, and every legend to labels that are left', () => {
    for (const { targets = [] } of graphs)
      for (const { expr, legendFormat = '' } of targets) {
        const { metrics, grouping } = namesOf(expr.replaceAll(/\$\w+/g, '5m'));
        for (const { labels } of metrics) expect(labels).toContain('instance');
        const left =
          grouping.length > 0 ? grouping : ['instance', ...metrics.flatMap(({ name }) => series.get(name)!)];
        for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(left).toContain(label);
      }
  });
});

describe('the registry', () => {
  it('follows the conventions: a prefix, base units, _total on counters and nothing else', () => {
    for (const { name, type, help, labels = [] } of metricHeads()) {
      expect(name).toMatch(/^tmdb_proxy_[a-z0-9_]+$/);
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
      expect(name).not.toMatch(/_(ms|milliseconds|minutes|kb|mb|percent|ratio_percent)(_|$)/);
      if (type === 'histogram') expect(name).toMatch(/_seconds$/);
      expect(help).toMatch(/\.$/);
      for (const label of labels) expect(label).toMatch(/^[a-z][a-z0-9_]*$/);
    }
    for (const { name, type } of heads)
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
  });

  it('has every name once, and every label explained', () => {
    const names = heads.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const used = new Set(metricHeads().flatMap(({ labels = [] }) => labels));
    expect(Object.keys(LABELS).sort()).toEqual([...used].sort());
  });
});
