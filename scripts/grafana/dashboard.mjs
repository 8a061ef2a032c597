// The Grafana dashboard as JSON, out of the rows of panels.mjs.
import { ROWS } from './panels.mjs';

const DATASOURCE = { type: 'prometheus', uid: `\${DS_PROMETHEUS}` };
const CHOSEN = 'instance=~"$instance"';
const COLUMNS = 24;
const SIZES = { stat: { w: 4, h: 4 }, graph: { w: 8, h: 8 } };

/** A function, since `$'` and the like mean something in the replacement of `replace`. */
const expression = (query) => query.replaceAll('$S', () => CHOSEN).replaceAll('$R', () => '$__rate_interval');

const variable = (name, label, query) => ({
  name,
  label,
  type: 'query',
  datasource: DATASOURCE,
  definition: query,
  query: { query, refId: name },
  refresh: 2,
  sort: 1,
  multi: true,
  includeAll: true,
  current: { selected: true, text: ['All'], value: ['$__all'] },
});

const VARIABLES = [
  { name: 'DS_PROMETHEUS', label: 'Prometheus', type: 'datasource', query: 'prometheus', refresh: 1 },
  variable('region', 'Region', 'label_values(tmdb_proxy_node_info, region)'),
  variable('instance', 'Node', 'label_values(tmdb_proxy_node_info{region=~"$region"}, instance)'),
];

function panelOf({ title, unit, description, kind, queries }, id, gridPos) {
  const isStat = kind === 'stat';
  const targets = queries.map(([query, legend], i) => ({
    refId: String.fromCharCode(65 + i),
    datasource: DATASOURCE,
    expr: expression(query),
    ...(legend !== '' && { legendFormat: legend }),
  }));
  const lines = { lineWidth: 1, fillOpacity: kind === 'stacked' ? 30 : 5, showPoints: 'never' };
  const custom = kind === 'stacked' ? { ...lines, stacking: { mode: 'normal', group: 'A' } } : lines;
  return {
    id,
    type: isStat ? 'stat' : 'timeseries',
    title,
    ...(description !== '' && { description }),
    datasource: DATASOURCE,
    gridPos,
    targets,
    fieldConfig: { defaults: { unit, min: 0, ...(!isStat && { custom }) }, overrides: [] },
    options: isStat
      ? { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false }, graphMode: 'area' }
      : {
          legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
          tooltip: { mode: 'multi', sort: 'desc' },
        },
  };
}

function panels() {
  const all = [];
  let y = 0;
  for (const [title, row] of ROWS) {
    all.push({
      id: all.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
      panels: [],
    });
    y += 1;
    let x = 0;
    let height = 0;
    for (const panel of row) {
      const size = SIZES[panel.kind === 'stat' ? 'stat' : 'graph'];
      if (x + size.w > COLUMNS || (height > 0 && size.h !== height)) {
        x = 0;
        y += height;
      }
      height = size.h;
      all.push(panelOf(panel, all.length + 1, { x, y, ...size }));
      x += size.w;
    }
    y += height;
  }
  return all;
}

export function dashboard() {
  return {
    uid: 'tmdb-cache-proxy',
    title: 'tmdb-cache-proxy',
    description: 'Nodes of tmdb-cache-proxy: traffic, tiers, origin, cluster, change feed, tenants, process.',
    tags: ['tmdb-cache-proxy'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    templating: { list: VARIABLES },
    annotations: { list: [] },
    links: [],
    panels: panels(),
  };
}
