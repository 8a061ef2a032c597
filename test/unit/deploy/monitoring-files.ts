import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

const file = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly {
    readonly expr: string;
    readonly refId: string;
    readonly datasource: { readonly uid: string };
    readonly legendFormat?: string;
  }[];
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly query: string | { readonly query: string };
    }[];
  };
  readonly panels: readonly Panel[];
}

/** Alerts as Prometheus reads them. */
export const ALERTS: readonly Alert[] = (
  parse(file('deploy/prometheus/alerts.yml')) as { groups: { name: string; rules: Alert[] }[] }
).groups.flatMap(({ rules }) => rules);

export const DASHBOARD = JSON.parse(file('deploy/grafana/tmdb-cache-proxy.json')) as Dashboard;

export const OPERATIONS = file('docs/operations.md');

/** A query of the dashboard with Grafana's own variables filled in. */
const filled = (query: string) =>
  query.replaceAll('$__rate_interval', '5m').replaceAll(/\$(?:instance|region)/g, '.*');

/** Every query, of alerts and panels, with where it stands. */
export const QUERIES: readonly (readonly [where: string, expression: string])[] = [
  ...ALERTS.map(({ alert, expr }) => [alert, expr] as const),
  ...DASHBOARD.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => [`panel ${title}`, filled(expr)] as const),
  ),
];
